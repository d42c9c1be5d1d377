using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>Three silos that encrypt what passes between them and clients, and take only whom their authority knows.</summary>
public sealed class TlsBetweenSilosTests
{
    private const int Keys = 30;
    private static readonly bool IsOrleans = EngineHosting.Name == "orleans";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_and_clients_that_know_each_other_share_the_keys_and_a_plain_client_is_told_why_not()
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("silo");
        var (own, ownKey) = authority.Issue("client");
        await using var cluster = await ClusterProcess.StartAsync(
            silos: 3, $"--OrleansCache:Silo:Tls:CertificateFile={certificate}", $"--OrleansCache:Silo:Tls:KeyFile={key}", $"--OrleansCache:Silo:Tls:ClientCaFile={authority.CaFile}");
        using var client = await cluster.ConnectAsync(o => o.Tls = new() { Enabled = true, CaFile = authority.CaFile, CertificateFile = own, KeyFile = ownKey });
        var cache = client.Services.GetRequiredService<IRawCache>();

        for (var i = 0; i < Keys; i++)
            await cache.SetAsync(CacheKey.Of("tls", $"key-{i}"), new(Encoding.ASCII.GetBytes($"{i}"), "text/plain"), ct: Ct);
        var owners = new HashSet<string>();
        for (var i = 0; i < Keys; i++)
            owners.Add((await cache.ExplainAsync(CacheKey.Of("tls", $"key-{i}"), Ct)).Owner);

        Assert.Equal(cluster.Silos.Select(static silo => silo.Name).Order(), owners.Order());
        foreach (var silo in cluster.Silos)
        {
            for (var i = 0; i < Keys; i++)
                Assert.Equal((HttpStatusCode.OK, $"{i}"), await silo.GetAsync($"api/v1/entries/tls/key-{i}"));
        }

        var mine = new ClientTlsOptions { CaFile = authority.CaFile, CertificateFile = own, KeyFile = ownKey };
        foreach (var silo in cluster.Silos)
            await EncryptsAsync(silo.SiloPort, mine);

        if (!IsOrleans)        // there the start of a client waits for a silo that lets it in, and its log says why
        {
            await RefusedAsync(cluster, new(), "TLS");
            await RefusedAsync(cluster, new() { Enabled = true, CaFile = authority.CaFile }, "");
        }
        await client.StopAsync(Ct);
    }

    /// <summary>Where silos call each other.</summary>
    private static async Task EncryptsAsync(int port, ClientTlsOptions tls)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, Ct);
        await using var stream = new SslStream(new NetworkStream(socket));
        await stream.AuthenticateAsClientAsync(ClientTls.Of(tls, "127.0.0.1"), Ct);
        Assert.True(stream.IsEncrypted);
    }

    private static async Task RefusedAsync(ClusterProcess cluster, ClientTlsOptions tls, string why)
    {
        using var client = await cluster.BeginToConnectAsync(o => (o.Tls, o.CallTimeout) = (tls, TimeSpan.FromSeconds(1)));
        var refused = await Assert.ThrowsAsync<CacheUnavailableException>(async () => await client.Services.GetRequiredService<IRawCache>().GetAsync(CacheKey.Of("tls", "key-0"), Ct));
        TestContext.Current.TestOutputHelper!.WriteLine(refused.Message);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        await client.StopAsync(Ct);
    }
}
