using System.Text;

namespace OrleansCache.Tests;

/// <summary>What changed between two values, by places.</summary>
public sealed class JsonDifferenceTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{ "b": 2.0, "a": 1e0 }""", "")]
    [InlineData("""{"a":1,"b":2}""", """{"a":3,"c":[1]}""", "/a changed 1>3; /c added >[1]; /b removed 2>")]
    [InlineData("[1,2,3]", "[2,1]", "/0 changed 1>2; /1 changed 2>1; /2 removed 3>")]
    [InlineData("""{"x":{"y":[{"z":null}]}}""", """{"x":{"y":[{"z":false},"w"]}}""", "/x/y/0/z changed null>false; /x/y/1 added >\"w\"")]
    [InlineData("""{"a/b":1,"m~n":{"":2}}""", """{"a/b":2,"m~n":{"":3}}""", "/a~1b changed 1>2; /m~0n/ changed 2>3")]
    [InlineData("1", "{}", " changed 1>{}")]
    public void Places_are_told_and_order_of_members_and_spelling_of_numbers_do_not_count(string old, string now, string changes) =>
        Assert.Equal(changes, Text(JsonDifference.Of(Json(old), Json(now))));

    [Fact]
    public void What_is_told_is_bounded()
    {
        var (changes, hasMore) = JsonDifference.Of(Json("[]"), Json($"[{string.Join(',', Enumerable.Range(0, 1_000))}]"));
        Assert.Equal((JsonDifference.MostChanges, true), (changes.Length, hasMore));

        var ((longest, more), text) = (JsonDifference.Of(Json("1"), Json($"\"{new string('x', 100_000)}\"")), "");
        text = longest.Single().New!;
        Assert.Equal((JsonDifference.LongestText + 1, '…', false), (text.Length, text[^1], more));
    }

    [Fact]
    public void What_is_no_JSON_is_told_as_a_whole()
    {
        Assert.Equal(" changed 1 bytes of text/plain>2 bytes of text/plain", Text(JsonDifference.Of(Value("a", "text/plain"), Value("ab", "text/plain"))));
        Assert.Equal(" changed 1 bytes of application/json>1 bytes of application/json", Text(JsonDifference.Of(Json("{"), Json("["))));
        Assert.Equal("", Text(JsonDifference.Of(Value("a", "text/plain"), Value("a", "text/plain"))));
    }

    private static EntryValue Json(string text) => Value(text, "application/json");

    private static EntryValue Value(string text, string type) => new() { Bytes = Encoding.UTF8.GetBytes(text), ContentType = type };

    private static string Text((System.Collections.Immutable.ImmutableArray<ValueChange> Changes, bool HasMore) found) =>
        string.Join("; ", found.Changes.Select(static change => $"{change.Path} {change.Kind.ToString().ToLowerInvariant()} {change.Old}>{change.New}"));
}
