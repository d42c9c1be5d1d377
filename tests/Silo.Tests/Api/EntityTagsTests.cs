namespace OrleansCache.Silo.Tests;

public sealed class EntityTagsTests
{
    [Theory]
    [InlineData("\"42\"", 42, true)]
    [InlineData("W/\"42\"", 42, true)]
    [InlineData("\"1\", \"42\"", 42, true)]
    [InlineData("*", 42, true)]
    [InlineData("\"41\"", 42, false)]
    [InlineData("\"abc\"", 42, false)]
    [InlineData("*", 0, false)]
    [InlineData("\"0\"", 0, false)]
    public void If_None_Match_compares_weakly(string header, long version, bool matches)
    {
        Assert.True(EntityTags.TryParse(header, "If-None-Match", out var tags, out _));

        Assert.Equal(matches, tags.MatchesWeakly(version));
    }

    [Fact]
    public void A_strong_comparison_leaves_weak_tags_out()
    {
        Assert.True(EntityTags.TryParse("W/\"1\", \"2\" , \"x\"", "If-Match", out var tags, out _));

        Assert.Equal([2], tags.Strong);
        Assert.Equal((false, true, false), (tags.MatchesStrongly(1), tags.MatchesStrongly(2), tags.MatchesStrongly(0)));
    }

    [Theory]
    [InlineData("42")]
    [InlineData("")]
    [InlineData("\"42")]
    [InlineData("\"42\" \"43\"")]
    [InlineData("*, \"42\"")]
    public void What_is_no_list_of_tags_is_refused_by_name_and_value(string header)
    {
        Assert.False(EntityTags.TryParse(header, "If-Match", out _, out var error));

        Assert.Contains($"If-Match is {header}", error, StringComparison.Ordinal);
    }
}
