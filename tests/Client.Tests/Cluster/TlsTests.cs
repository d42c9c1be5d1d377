using Microsoft.Extensions.Options;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Encryption between a client and a silo, from settings to calls.</summary>
public class TlsTests
{
    private static readonly CacheKey Key = CacheKey.Of("orders", "7");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_are_encrypted_and_the_silo_is_checked(bool throughIntermediate)
    {
        using var authority = new TestAuthority(throughIntermediate);
        await using var silo = new OneSilo();
        await silo.StartAsync(Certificate(authority));
        var cache = await silo.ConnectAsync(o => o.Tls = new() { Enabled = true, CaFile = authority.CaFile });

        await cache.SetAsync(Key, new string('x', 200_000));

        Assert.Equal(200_000, (await cache.GetAsync<string>(Key)).Value!.Length);
    }

    [Fact]
    public async Task A_silo_whose_authority_is_not_trusted_is_refused_and_the_message_says_so()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var silo = new OneSilo();
        await silo.StartAsync(Certificate(authority));

        Assert.Contains("certificate", await RefusalAsync(silo, new() { Enabled = true, CaFile = other.CaFile }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_whose_certificate_has_another_name_is_refused()
    {
        using var authority = new TestAuthority();
        await using var silo = new OneSilo();
        await silo.StartAsync(Certificate(authority));

        Assert.Contains("RemoteCertificateNameMismatch", await RefusalAsync(silo, new() { Enabled = true, CaFile = authority.CaFile, TargetHost = "silo.example" }), StringComparison.Ordinal);
        Assert.Equal(Outcome.Miss, (await (await silo.ConnectAsync(o => o.Tls = new() { Enabled = true, CaFile = authority.CaFile, TargetHost = "localhost" })).GetAsync<int>(Key)).Outcome);
    }

    [Fact]
    public async Task A_plain_client_is_refused_by_a_silo_with_tls_and_told_why()
    {
        using var authority = new TestAuthority();
        await using var silo = new OneSilo();
        await silo.StartAsync(Certificate(authority));

        Assert.Contains("TLS", await RefusalAsync(silo, new()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_with_tls_is_told_that_the_silo_is_plain()
    {
        using var authority = new TestAuthority();
        await using var silo = new OneSilo();
        await silo.StartAsync();

        Assert.Contains("TLS", await RefusalAsync(silo, new() { Enabled = true, CaFile = authority.CaFile }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_asks_who_comes_takes_only_clients_of_its_authority()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var silo = new OneSilo();
        await silo.StartAsync([.. Certificate(authority), ("OrleansCache:Silo:Tls:ClientCaFile", authority.CaFile)]);
        var (certificate, key) = authority.Issue("client");
        var (wrong, wrongKey) = other.Issue("client");

        await RefusalAsync(silo, new() { Enabled = true, CaFile = authority.CaFile });
        await RefusalAsync(silo, new() { Enabled = true, CaFile = authority.CaFile, CertificateFile = wrong, KeyFile = wrongKey });
        var cache = await silo.ConnectAsync(o => o.Tls = new() { Enabled = true, CaFile = authority.CaFile, CertificateFile = certificate, KeyFile = key });

        Assert.Equal(Outcome.Miss, (await cache.GetAsync<int>(Key)).Outcome);
    }

    [Fact]
    public async Task A_file_that_holds_no_certificate_stops_the_start_of_either_side()
    {
        using var authority = new TestAuthority();
        var (_, key) = authority.Issue("silo");
        await using var silo = new OneSilo();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => silo.StartAsync(("OrleansCache:Silo:Tls:CertificateFile", key)));
        Assert.Contains($"OrleansCache:Silo:Tls:CertificateFile is '{key}': it cannot be used", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<OptionsValidationException>(() => silo.ConnectAsync(o => o.Tls = new() { Enabled = true, CaFile = key }));
        Assert.Contains($"OrleansCache:Client:Tls:CaFile: is '{key}': it cannot be used", refused.Message, StringComparison.Ordinal);
    }

    private static bool OnOrleans => typeof(IGrainFactory).Namespace == "Orleans";

    private static (string, string)[] Certificate(TestAuthority authority)
    {
        var (certificate, key) = authority.Issue("silo");
        return [("OrleansCache:Silo:Tls:CertificateFile", certificate), ("OrleansCache:Silo:Tls:KeyFile", key)];
    }

    /// <summary>What a client is told that is not let in: by its calls; on Orleans, where its start waits for a silo, by its log.</summary>
    private static async Task<string> RefusalAsync(OneSilo silo, ClientTlsOptions tls)
    {
        if (OnOrleans)
            return await silo.LogOfStartAsync(o => o.Tls = tls, static log => log.Contains("the start waits", StringComparison.Ordinal));
        var cache = await silo.ConnectAsync(o => (o.Tls, o.CallTimeout) = (tls, TimeSpan.FromSeconds(1)));
        return (await Assert.ThrowsAsync<CacheUnavailableException>(() => cache.GetAsync<int>(Key).AsTask())).Message;
    }
}
