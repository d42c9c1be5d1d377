namespace OrleansCache.Silo.Tests;

public sealed class QueryArgumentsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("code=NL", "code=NL")]
    [InlineData("b=2&a=1", "b=2|a=1")]
    [InlineData("x", "x=")]
    [InlineData("x=", "x=")]
    [InlineData("a=b=c", "a=b=c")]
    [InlineData("&a=1&&b=2&", "a=1|b=2")]
    [InlineData("A=1&a=2", "A=1|a=2")]
    [InlineData("n%26=v%3D+w", "n&=v= w")]
    public void A_query_is_read(string query, string expected)
    {
        Assert.True(QueryArguments.TryParse(query, out var arguments, out _));

        Assert.Equal(expected, string.Join('|', arguments.Select(a => $"{a.Key}={a.Value}")));
    }

    [Theory]
    [InlineData("a=1&a=2", "repeated-argument", "'a'")]
    [InlineData("=1", "bad-argument", "no name")]
    [InlineData("a=%", "bad-argument", "'a'")]
    [InlineData("a=%FF", "bad-argument", "'a'")]
    [InlineData("%FF=a", "bad-argument", "name of an argument")]
    public void A_bad_query_is_refused_by_name(string query, string type, string named)
    {
        Assert.False(QueryArguments.TryParse(query, out _, out var problem));

        Assert.Equal((400, type), (problem.Status, problem.Type));
        Assert.Contains(named, problem.Detail, StringComparison.Ordinal);
    }
}
