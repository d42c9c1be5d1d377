namespace OrleansCache.Silo.Tests;

public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/a/b?c=d", "a/b", "c=d")]
    [InlineData("/a/b", "a/b", "")]
    [InlineData("/", "", "")]
    [InlineData("/a?b?c", "a", "b?c")]
    [InlineData("http://host:1/a%2Fb?x", "a%2Fb", "x")]
    [InlineData("http://host", "", "")]
    public void A_target_is_cut_before_it_is_decoded(string raw, string path, string query)
    {
        var target = RequestTarget.Of(raw);

        Assert.Equal((path, query), (target.Path.ToString(), target.Query.ToString()));
    }

    [Fact]
    public void Segments_are_taken_in_order_and_may_be_empty()
    {
        ReadOnlySpan<char> path = "a//b";
        var taken = new List<string>();

        while (RequestTarget.TryTake(ref path, out var segment))
            taken.Add(segment.ToString());

        Assert.Equal(["a", "", "b"], taken);
    }
}
