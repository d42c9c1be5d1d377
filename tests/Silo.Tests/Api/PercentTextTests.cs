namespace OrleansCache.Silo.Tests;

public sealed class PercentTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%2fb%2Fc", "a/b/c")]
    [InlineData("%25", "%")]
    [InlineData("%252F", "%2F")]
    [InlineData("caf%C3%A9", "café")]
    [InlineData("%F0%9F%98%80", "😀")]
    [InlineData("a+b", "a+b")]
    [InlineData("", "")]
    public void A_segment_is_decoded_once(string raw, string expected)
    {
        Assert.True(PercentText.TryDecode(raw, plusIsSpace: false, out var text, out _));

        Assert.Equal(expected, text);
    }

    [Fact]
    public void In_a_query_a_plus_is_a_space()
    {
        Assert.True(PercentText.TryDecode("a+b%2Bc", plusIsSpace: true, out var text, out _));

        Assert.Equal("a b+c", text);
    }

    [Theory]
    [InlineData("%", "hex digits")]
    [InlineData("100%", "hex digits")]
    [InlineData("%2", "hex digits")]
    [InlineData("%zz", "hex digits")]
    [InlineData("%FF", "UTF-8")]
    [InlineData("%C3", "UTF-8")]
    [InlineData("%C0%AF", "UTF-8")]
    [InlineData("%ED%A0%80", "UTF-8")]
    [InlineData("é", "ASCII")]
    public void What_cannot_be_decoded_is_refused(string raw, string says)
    {
        Assert.False(PercentText.TryDecode(raw, plusIsSpace: false, out _, out var error));

        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_segment_is_decoded_too()
    {
        var raw = string.Concat(Enumerable.Repeat("%C3%A9", 4000));

        Assert.True(PercentText.TryDecode(raw, plusIsSpace: false, out var text, out _));

        Assert.Equal(new string('é', 4000), text);
    }
}
