using Microsoft.AspNetCore.Http;

namespace OrleansCache.Silo.Tests;

public sealed class PutHeadersTests
{
    [Fact]
    public void Lifetimes_and_tags_come_from_the_headers()
    {
        var headers = new HeaderDictionary { ["Cache-Control"] = "public, Max-Age=60, stale-while-revalidate=\"600\"", ["Cache-Tag"] = "a, b,,a" };

        Assert.True(PutHeaders.TryRead(headers, out var options, out _));

        Assert.Equal(TimeSpan.FromSeconds(60), options.FreshFor);
        Assert.Equal(TimeSpan.FromSeconds(600), options.StaleFor);
        Assert.Equal(["a", "b"], options.Tags);
    }

    [Fact]
    public void Without_headers_the_region_decides()
    {
        Assert.True(PutHeaders.TryRead(new HeaderDictionary(), out var options, out _));

        Assert.Equal((null, null, 0), (options.FreshFor, options.StaleFor, options.Tags.Count));
    }

    [Theory]
    [InlineData("max-age=-1", "max-age=-1")]
    [InlineData("max-age=0", "max-age=0")]
    [InlineData("max-age", "max-age=")]
    [InlineData("max-age=1.5", "max-age=1.5")]
    [InlineData("max-age=1, max-age=2", "max-age twice")]
    [InlineData("stale-while-revalidate=soon", "stale-while-revalidate=soon")]
    [InlineData("no-store", "no-store")]
    [InlineData("stale-while-revalidate=10", "give max-age too")]
    public void A_bad_directive_is_refused_by_name_and_value(string header, string named)
    {
        Assert.False(PutHeaders.TryRead(new HeaderDictionary { ["Cache-Control"] = header }, out _, out var problem));

        Assert.Equal(400, problem.Status);
        Assert.Contains(named, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9999999999")]
    [InlineData("99999999999999999999")]
    public void A_span_beyond_all_reason_counts_as_68_years(string seconds)
    {
        Assert.True(PutHeaders.TryRead(new HeaderDictionary { ["Cache-Control"] = $"max-age={seconds}" }, out var options, out _));

        Assert.Equal(TimeSpan.FromSeconds(2147483648), options.FreshFor);
    }

    [Fact]
    public void Too_many_or_too_long_tags_are_refused()
    {
        Assert.False(PutHeaders.TryReadTags(string.Join(',', Enumerable.Range(0, 65)), out _, out var many));
        Assert.False(PutHeaders.TryReadTags(new string('x', 257), out _, out var wide));

        Assert.Contains("65 tags", many.Detail, StringComparison.Ordinal);
        Assert.Contains("257 bytes", wide.Detail, StringComparison.Ordinal);
    }
}
