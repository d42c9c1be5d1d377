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
    [InlineData("silo-0.cache:11111", "Unspecified/silo-0.cache:11111")]
    [InlineData("silo", null)]
    [InlineData("silo:x", null)]
    public void A_member_is_reached_at_its_name_or_by_its_machine_when_it_listens_on_every_address(string name, string? endpoint) =>
        Assert.Equal(endpoint, new SiloMember(Guid.NewGuid(), name, 1, "pod-3").EndPoint?.ToString());

    [Theory]
    [InlineData("10.0.0.7:11111", "10.0.0.7:11111")]
    [InlineData("127.0.0.1:11111", "pod-3/127.0.0.1:11111")]
    [InlineData("0.0.0.0:11111", "pod-3/0.0.0.0:11111")]
    [InlineData("silo-0.cache:11111", "silo-0.cache:11111")]
    [InlineData("silo", "silo")]
    public void Silos_on_two_machines_never_have_one_address(string name, string address) =>
        Assert.Equal(address, new SiloMember(Guid.NewGuid(), name, 1, "pod-3").Address);

    [Theory]
    [InlineData("10.0.0.7:11111", "pod-4", "a", true)]
    [InlineData("127.0.0.1:11111", "pod-3", "a", true)]
    [InlineData("127.0.0.1:11111", "pod-4", "a", false)]
    [InlineData("10.0.0.7:11111", "pod-4", "b", false)]
    [InlineData("10.0.0.7:11111", "pod-4", null, false)]
    public void Silos_serve_together_that_understand_and_can_reach_each_other(string name, string host, string? dialect, bool may)
    {
        var (one, other) = (new SiloMember(Guid.NewGuid(), "10.0.0.6:11111", 1, "pod-3", Dialect: "a"), new SiloMember(Guid.NewGuid(), name, 1, host, Dialect: dialect));

        Assert.Equal((may, may), (one.MayServeWith(other), other.MayServeWith(one)));
    }

    [Fact]
    public void The_stored_form_comes_back_whole_and_has_no_more_fields_than_it_needs()
    {
        var view = new ClusterView(7, [new(Guid.NewGuid(), "10.0.0.7:11111", 42, "pod-3"), new(Guid.NewGuid(), "0.0.0.0:11112", 43, "pod-4", IsLeaving: true, Dialect: "engine a, formats 1")], Beginning: 5, WaitsOut: true);

        var json = view.ToJson();

        var back = ClusterView.Parse(json)!;
        Assert.Equal(view, back with { Members = view.Members });
        Assert.Equal(view.Members.AsEnumerable(), back.Members);
        Assert.DoesNotContain("endPoint", Encoding.UTF8.GetString(json), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("address", Encoding.UTF8.GetString(json), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("oc:blue:silos", ClusterView.RedisKey("blue"));
    }
}
