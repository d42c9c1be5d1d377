namespace OrleansCache.Silo.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Options_are_read_in_both_forms()
    {
        Assert.True(CommandLine.TryParse(
            ["--redis", "localhost:6379,password=x", "--data=/tmp/d", "--port=9000", "--silo-port", "12000", "--origin-port", "9001", "--no-origin", "--config", "a.json", "--OrleansCache:ClusterId=c"],
            out var line, out _));

        Assert.Equal(("localhost:6379,password=x", "/tmp/d", 9000, 12000, 9001), (line.Redis, line.Data, line.Port, line.SiloPort, line.OriginPort));
        Assert.True(line.NoOrigin);
        Assert.Equal("a.json", line.Config);
        Assert.Equal(new("OrleansCache:ClusterId", "c"), Assert.Single(line.Settings));
    }

    [Theory]
    [InlineData("--prot 8888", "--prot", "--port")]
    [InlineData("--por=1", "--por", "--port")]
    [InlineData("8888", "8888", "--help")]
    [InlineData("--port", "--port", "has no value")]
    [InlineData("--port --no-origin", "--port", "has no value")]
    [InlineData("--port 0", "\"0\"", "1 to 65535")]
    [InlineData("--port 65536", "\"65536\"", "1 to 65535")]
    [InlineData("--port x", "\"x\"", "1 to 65535")]
    [InlineData("--port 1 --port 2", "--port", "twice")]
    [InlineData("--no-origin=1", "\"1\"", "no value")]
    [InlineData("--redis", "--redis", "127.0.0.1:6379")]
    public void What_is_wrong_is_named_with_the_way_out(string args, string named, string remedy)
    {
        Assert.False(CommandLine.TryParse(args.Split(' '), out _, out var error));

        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Contains(remedy, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_option() =>
        Assert.All(
            ["--redis", "--data", "--port", "--silo-port", "--origin-port", "--no-origin", "--config", "--help"],
            name => Assert.Contains(name, CommandLine.Usage, StringComparison.Ordinal));
}
