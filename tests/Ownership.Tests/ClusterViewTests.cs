using System.Net;
using System.Text;

namespace OrleansCache.Ownership.Tests;

public class ClusterViewTests
{
    [Theory]
    [InlineData("10.0.0.7:11111", "10.0.0.7:11111")]
    [InlineData("[::1]:11111", "[::1]:11111")]
    [InlineData("0.0.0.0:11111", "Unspecified/pod-3:11111")]
    [InlineData("[::]:11111", "Unspecified/pod-3:11111")]
    [InlineData("silo", null)]
    public void A_member_is_reached_at_its_name_or_by_its_machine_when_it_listens_on_every_address(string name, string? endpoint) =>
        Assert.Equal(endpoint, new SiloMember(Guid.NewGuid(), name, 1, "pod-3").EndPoint?.ToString());

    [Theory]
    [InlineData("10.0.0.7:11111", "10.0.0.7:11111")]
    [InlineData("127.0.0.1:11111", "pod-3/127.0.0.1:11111")]
    [InlineData("0.0.0.0:11111", "pod-3/0.0.0.0:11111")]
    [InlineData("silo", "silo")]
    public void Silos_on_two_machines_never_have_one_address(string name, string address) =>
        Assert.Equal(address, new SiloMember(Guid.NewGuid(), name, 1, "pod-3").Address);

    [Fact]
    public void The_stored_form_comes_back_whole_and_has_no_more_fields_than_it_needs()
    {
        var view = new ClusterView(7, [new(Guid.NewGuid(), "10.0.0.7:11111", 42, "pod-3"), new(Guid.NewGuid(), "0.0.0.0:11112", 43, "pod-4", IsLeaving: true)], Beginning: 5, WaitsOut: true);

        var json = view.ToJson();

        var back = ClusterView.Parse(json)!;
        Assert.Equal(view, back with { Members = view.Members });
        Assert.Equal(view.Members.AsEnumerable(), back.Members);
        Assert.DoesNotContain("endPoint", Encoding.UTF8.GetString(json), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("address", Encoding.UTF8.GetString(json), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("oc:blue:silos", ClusterView.RedisKey("blue"));
    }
}
