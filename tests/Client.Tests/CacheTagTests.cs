namespace OrleansCache;

/// <summary>Tags that a caller makes as templates do.</summary>
public class CacheTagTests
{
    [Theory]
    [InlineData("42", "order:42")]
    [InlineData("a,b", "order:a%2Cb")]
    [InlineData("50%", "order:50%25")]
    public void An_argument_is_in_the_tag_without_what_a_tag_cannot_contain(string id, string tag) => Assert.Equal(tag, CacheTag.Of("order:{id}", ("id", id)));

    [Fact]
    public void It_has_the_one_text_of_each_type() =>
        Assert.Equal("order:42 of 2026-01-02", CacheTag.Of("order:{id} of {day}", ("day", new DateOnly(2026, 1, 2)), ("id", 42L)));

    [Theory]
    [InlineData("order:{idd}", "id", "7", "names 'idd', and the call has no such argument; did you mean 'id'?")]
    [InlineData("order", "id", "7", "has no argument 'id'; leave it out, or write '{id}' in the tag.")]
    [InlineData("order:{id}", "id", null, "The argument 'id' of the tag 'order:{id}' is null; give it a value.")]
    [InlineData("order:{id", "id", "7", "has braces that are no argument")]
    [InlineData("a,{id}", "id", "7", "has a comma or a control character")]
    public void What_makes_no_tag_is_named_with_the_way_out(string template, string name, string? value, string words) =>
        Assert.Contains(words, Assert.ThrowsAny<ArgumentException>(() => CacheTag.Of(template, (name, value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Texts_of_one_argument_are_tags_of_their_own_and_those_of_two_may_meet_at_what_stands_between_them()
    {
        string[] texts = ["a,b", "a%2Cb", "a%b", "a%25b", "a\tb", "ab"];

        Assert.Distinct(texts.Select(static text => CacheTag.Of("order:{id}", ("id", text))));
        Assert.Equal(CacheTag.Of("{a}:{b}", ("a", "x:y"), ("b", "z")), CacheTag.Of("{a}:{b}", ("a", "x"), ("b", "y:z")));
    }
}
