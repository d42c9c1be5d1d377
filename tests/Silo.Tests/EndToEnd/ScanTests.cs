using System.Net.Sockets;
using System.Text;

namespace OrleansCache.Silo.Tests;

/// <summary>Many keys asked for once each: the silo stays within its bound, and what is read often stays in memory. 2,000,000 keys in its long form.</summary>
public sealed class ScanTests
{
    private const int Bound = 32 << 20;
    private const int Batch = 500;
    private static readonly string[] Expected = ["HTTP/1.1 404", "HTTP/1.1 200"];
    private static readonly int StatusLine = Expected[0].Length;
    private static readonly int Keys = Soak.IsOn ? 2_000_000 : 300_000;

    [Fact]
    public async Task A_scan_leaves_the_process_within_its_bound_and_the_hot_key_hot()
    {
        await using var silo = await SiloProcess.StartAsync(environment: new() { ["DOTNET_GCgen0size"] = "1000000" }, arguments: ["--no-origin", $"--OrleansCache:Memory:MaxBytes={Bound}"]);
        using (await silo.PutAsync("scan", "hot", "value"))
            await ScanAsync(silo, "warm-up", 20_000);
        var before = silo.Process.WorkingSet;

        await ScanAsync(silo, "key", Keys);

        using var hot = await silo.GetAsync(SiloProcess.EntryPath("scan", "hot"));
        Assert.StartsWith("OrleansCache; hit", hot.CacheStatus(), StringComparison.Ordinal);
        var grown = silo.Process.WorkingSet - before;
        Assert.True(grown < Bound + (32 << 20), $"{grown >> 20} MiB more than before the scan");
    }

    /// <summary>Asks for absent keys, many requests to a packet; reads the hot key between two.</summary>
    private static async Task ScanAsync(SiloProcess silo, string name, int keys)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", silo.Port, TestContext.Current.CancellationToken);
        var received = new byte[1 << 16];
        var kept = 0;       // of the last packet, where an answer may have begun
        for (var begun = 0; begun < keys; begun += Batch)
        {
            var requests = new StringBuilder();
            for (var key = begun; key < begun + Batch; key++)
                requests.Append("GET /").Append(SiloProcess.EntryPath("scan", $"{name}-{key}")).Append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
            requests.Append("GET /").Append(SiloProcess.EntryPath("scan", "hot")).Append(" HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
            await socket.SendAsync(Encoding.ASCII.GetBytes(requests.ToString()), TestContext.Current.CancellationToken);
            for (var left = Batch + 1; left > 0;)
            {
                var count = await socket.ReceiveAsync(received.AsMemory(kept), TestContext.Current.CancellationToken);
                Assert.NotEqual(0, count);
                var all = received.AsSpan(0, kept + count);
                for (int at; (at = all.IndexOf("HTTP/1.1 "u8)) >= 0 && all.Length - at >= StatusLine; all = all[(at + StatusLine)..], left--)
                    Assert.Contains(Encoding.ASCII.GetString(all.Slice(at, StatusLine)), Expected);
                kept = Math.Min(all.Length, StatusLine - 1);
                all[^kept..].CopyTo(received);
            }
        }
    }
}
