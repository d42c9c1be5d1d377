using System.Collections.Immutable;

namespace OrleansCache.Keys;

public class ArgumentKeyTests
{
    [Fact]
    public void Arguments_are_sorted_by_name()
    {
        Assert.Equal(CacheKey.For("r", ("a", "1"), ("b", "2")), CacheKey.For("r", ("b", "2"), ("a", "1")));
        Assert.Equal("a=1&b=2", CacheKey.For("r", ("b", "2"), ("a", "1")).Key);
    }

    [Fact]
    public void Null_empty_and_absent_are_three_keys()
    {
        CacheKey[] keys = [CacheKey.For("r", ("a", null)), CacheKey.For("r", ("a", "")), CacheKey.For("r", [("b", "")]), CacheKey.For("r", ReadOnlySpan<(string, string?)>.Empty)];

        Assert.Equal(4, keys.Distinct().Count());
        Assert.Equal("a", keys[0].Key);
        Assert.Equal("a=", keys[1].Key);
        Assert.Equal("&", keys[3].Key);
    }

    [Theory]
    [InlineData("a", "1&b=2")]
    [InlineData("a&b", "1")]
    [InlineData("a=", "1")]
    [InlineData("a", "=")]
    [InlineData("a", "%26")]
    [InlineData("a", "x y+z")]
    [InlineData("ключ", "значение 🗝")]
    [InlineData("a", ":")]
    public void A_separator_in_a_part_survives(string name, string value)
    {
        var key = CacheKey.For("r", (name, value));

        Assert.Equal([new CallArgument(name, value)], ArgumentKey.Parse(key.Key)!.Value);
    }

    [Fact]
    public void Different_arguments_are_different_keys()
    {
        string[] texts = ["", "a", "=", "&", "%", "a=", "=a", "a&", "&a", "%3D", "a&a=", "%26"];
        var lists = (from n in texts.Skip(1) from v in texts.Append(null) select new[] { (n, v) })
            .Concat(from n in texts.Skip(1) from v in texts.Append(null) from m in texts.Skip(1) from w in texts.Append(null) where string.CompareOrdinal(n, m) < 0 select new[] { (n, v), (m, w) })
            .ToArray();

        Assert.Equal(lists.Length, lists.Select(l => ArgumentKey.Of(l)).Distinct().Count());
        Assert.All(lists, l => Assert.Equal(l, ArgumentKey.Parse(ArgumentKey.Of(l))!.Value.Select(a => (a.Name, a.Value))));
    }

    [Fact]
    public void Names_differ_by_case()
    {
        Assert.NotEqual(CacheKey.For("r", ("code", "NL")), CacheKey.For("r", ("Code", "NL")));
    }

    [Fact]
    public void A_name_given_twice_or_not_at_all_is_refused()
    {
        Assert.Contains("'a'", Assert.Throws<ArgumentException>(() => CacheKey.For("r", ("a", "1"), ("b", ""), ("a", "2"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CacheKey.For("r", ("", "1")));
    }

    [Fact]
    public void Names_that_look_alike_are_one_name()
    {
        Assert.Throws<ArgumentException>(() => CacheKey.For("r", ("\u00e9", "1"), ("e\u0301", "2")));
        Assert.Equal(CacheKey.For("r", ("f", "0"), ("\u00e9", "1")), CacheKey.For("r", ("f", "0"), ("e\u0301", "1")));
    }

    [Theory]
    [InlineData("%sha256-00")]
    [InlineData("b=1&a=2")]
    [InlineData("a=1&a=2")]
    [InlineData("=1")]
    [InlineData("a=x y")]
    [InlineData("")]
    public void A_text_that_is_no_argument_list_is_not_parsed(string key)
    {
        Assert.Null(ArgumentKey.Parse(key));
    }

    [Fact]
    public void No_arguments_are_a_key_of_their_own()
    {
        Assert.Equal([], ArgumentKey.Parse(ArgumentKey.Of(Array.Empty<CallArgument>()))!.Value);
    }

    [Fact]
    public void Values_have_one_invariant_text()
    {
        var id = Guid.Parse("8c7ec5a8-7c7c-4f0e-9d5b-0e6c1e1b1a11");

        Assert.Equal("a=1.5&b=true&c=8c7ec5a8-7c7c-4f0e-9d5b-0e6c1e1b1a11&d=0.1&e=Monday&f", CacheKey.For("r", ("a", 1.50m), ("b", true), ("c", id), ("d", 0.1), ("e", DayOfWeek.Monday), ("f", (object?)null)).Key);
        Assert.Equal("2026-01-02T03:04:05.0000000Z", ArgumentText.Of("t", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)));
        Assert.Equal("1.02:03:04", ArgumentText.Of("t", new TimeSpan(1, 2, 3, 4)));
        Assert.Equal(ArgumentText.Of("d", 100.00m), ArgumentText.Of("d", 100m));
    }

    [Fact]
    public void A_type_without_a_text_is_refused_by_name()
    {
        var e = Assert.Throws<ArgumentException>(() => CacheKey.For("r", ("filter", new object())));
        Assert.Contains("'filter'", e.Message, StringComparison.Ordinal);
    }
}
