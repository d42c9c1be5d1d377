using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OrleansCache.Silo.Tests;

public sealed class HttpOptionsTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.7")]
    [InlineData("::1")]
    public void Loopback_needs_no_word(string address) =>
        Assert.True(new HttpOptionsValidator().Validate(null, new() { Address = address }).Succeeded);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void Any_other_address_needs_the_explicit_word(string address)
    {
        var refused = new HttpOptionsValidator().Validate(null, new() { Address = address });
        var allowed = new HttpOptionsValidator().Validate(null, new() { Address = address, AllowAnonymous = true });

        Assert.Contains(address, refused.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("OrleansCache:Http:AllowAnonymous", refused.FailureMessage, StringComparison.Ordinal);
        Assert.True(allowed.Succeeded);
    }

    [Theory]
    [InlineData("OrleansCache:Http:Prot", "1", "OrleansCache:Http:Prot")]
    [InlineData("OrleansCache:Http:Port", "0", "OrleansCache:Http:Port is 0")]
    [InlineData("OrleansCache:Http:Port", "x", "OrleansCache:Http:Port")]
    [InlineData("OrleansCache:Http:Address", "nowhere", "OrleansCache:Http:Address is 'nowhere'")]
    [InlineData("OrleansCache:Http:AllowedHosts:0", "http://cache.example", "OrleansCache:Http:AllowedHosts has 'http://cache.example'")]
    [InlineData("OrleansCache:Http:AllowedOrigins:0", "shop.example", "OrleansCache:Http:AllowedOrigins has 'shop.example'")]
    [InlineData("OrleansCache:Http:AllowedOrigins:0", "https://shop.example/page", "OrleansCache:Http:AllowedOrigins has 'https://shop.example/page'")]
    [InlineData("OrleansCache:Http:AllowAnonymous", "maybe", "OrleansCache:Http:AllowAnonymous")]
    [InlineData("OrleansCache:Silo:Port", "x", "OrleansCache:Silo:Port")]
    public void A_bad_setting_is_refused_by_path(string path, string value, string named)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(path, value)]).Build();

        var refused = Assert.Throws<OptionsValidationException>(() => SiloSettings.Read(configuration));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_port_moves_with_the_silos_index()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("OrleansCache:Silo:Index", "2")]).Build();

        Assert.Equal(8890, SiloSettings.Read(configuration).HttpPort);
    }
}
