namespace OrleansCache.Samples;

public sealed class PartnerOptionsTests
{
    [Fact]
    public void Options_are_read_in_both_forms()
    {
        Assert.True(PartnerOptions.TryParse(
            ["--port", "9000", "--delay-ms=0", "--limit", "5", "--window-ms=1000", "--parent-pid", "42"], out var options, out _));

        Assert.Equal(new PartnerOptions(9000, 0, 5, 1000, 42), options);
    }

    [Fact]
    public void Without_options_the_origin_is_as_its_documentation_says()
    {
        Assert.True(PartnerOptions.TryParse([], out var options, out _));

        Assert.Equal(new PartnerOptions(8899, 300, 10, 900, null), options);
    }

    [Theory]
    [InlineData("--port", "65536")]
    [InlineData("--port", "-1")]
    [InlineData("--delay-ms", "1.5")]
    [InlineData("--limit", "0")]
    [InlineData("--window-ms", "0")]
    [InlineData("--parent-pid", "none")]
    [InlineData("--port", "")]
    public void A_wrong_value_is_refused_by_name_and_value(string name, string value)
    {
        Assert.False(PartnerOptions.TryParse([name, value], out _, out var error));

        Assert.Contains($"{name} is \"{value}\"", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--prot is not an option", "--prot", "1")]
    [InlineData("--limit is without a value", "--limit")]
    [InlineData("--limit is given twice", "--limit", "1", "--limit", "2")]
    public void A_wrong_option_is_refused_by_name(string expected, params string[] args)
    {
        Assert.False(PartnerOptions.TryParse(args, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
