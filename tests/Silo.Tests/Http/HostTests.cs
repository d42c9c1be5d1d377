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

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("evil.example", false)]
    public async Task Where_no_names_are_given_a_silo_goes_by_localhost_alone(string host, bool known)
    {
        await using var face = await FaceHost.StartAsync();

        Assert.StartsWith(known ? "HTTP/1.1 200" : "HTTP/1.1 421", await face.SendRawAsync("GET /healthz/ready", host: host), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "cache.example", true)]
    [InlineData("cache.test", "cache.test:8888", true)]
    [InlineData("cache.test", "localhost", true)]
    [InlineData("cache.test", "cache.example", false)]
    public async Task Whoever_lets_anybody_in_lets_them_use_any_name_unless_names_are_given(string? allowed, string host, bool known)
    {
        await using var face = await FaceHost.StartAsync(new() { AllowAnonymous = true, AllowedHosts = allowed is null ? [] : [allowed] });

        Assert.StartsWith(known ? "HTTP/1.1 200" : "HTTP/1.1 421", await face.SendRawAsync("GET /healthz/ready", host: host), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "http://evil.example", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, "http://localhost", true)]
    [InlineData("https://shop.example/", "https://shop.example", true)]
    [InlineData("https://shop.example", "http://shop.example", false)]
    [InlineData("https://shop.example", "https://shop.example.evil.example", false)]
    [InlineData("*", "http://evil.example", true)]
    public async Task A_page_from_elsewhere_changes_nothing_unless_its_origin_is_given_whoever_is_let_in(string? allowed, string origin, bool changes)
    {
        foreach (var anonymous in new[] { false, true })
        {
            await using var face = await FaceHost.StartAsync(new() { AllowAnonymous = anonymous, AllowedOrigins = allowed is null ? [] : [allowed] });

            var removal = await face.SendRawAsync("DELETE /api/v1/entries/r/k", $"Origin: {origin}\r\n");
            var read = await face.SendRawAsync("GET /healthz/ready", $"Origin: {origin}\r\n");

            Assert.StartsWith(changes ? "HTTP/1.1 204" : "HTTP/1.1 403", removal, StringComparison.Ordinal);
            Assert.Equal(!changes, removal.Contains("OrleansCache:Http:AllowedOrigins", StringComparison.Ordinal));
            Assert.StartsWith("HTTP/1.1 200", read, StringComparison.Ordinal);
        }
    }
}
