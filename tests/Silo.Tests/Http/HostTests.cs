namespace OrleansCache.Silo.Tests;

/// <summary>A web page whose own name leads to this machine reads and writes nothing.</summary>
public sealed class HostTests
{
    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LocalHost:8888", true)]
    [InlineData("127.0.0.1:8888", true)]
    [InlineData("[::1]:8888", true)]
    [InlineData("cache.test:8888", true)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example:8888", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    public async Task A_name_is_known_or_refused(string host, bool known)
    {
        await using var face = await FaceHost.StartAsync(new() { AllowedHosts = ["cache.test"] });

        var answer = await face.SendRawAsync("GET /healthz/ready", host: host);

        Assert.StartsWith(known ? "HTTP/1.1 200" : "HTTP/1.1 421", answer, StringComparison.Ordinal);
        Assert.Equal(!known, answer.Contains("OrleansCache:Http:AllowedHosts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_lets_anybody_in_lets_them_use_any_name()
    {
        await using var face = await FaceHost.StartAsync(new() { AllowAnonymous = true });

        Assert.StartsWith("HTTP/1.1 200", await face.SendRawAsync("GET /healthz/ready", host: "cache.example"), StringComparison.Ordinal);
    }
}
