using System.Net;
using System.Net.Sockets;

namespace OrleansCache.Cluster;

public sealed class ArrivalStampTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_is_stamped_when_it_comes_and_not_when_it_is_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux stamps what comes.");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ArrivalStamp.Ask(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();

        // Linux does not stamp from the first socket's first bytes on.
        await Eventually.TrueAsync(async () => await IsStampedWhenItComesAsync(listener), cancellationToken: Ct);
        Assert.True(await IsStampedWhenItComesAsync(listener));
    }

    private static async Task<bool> IsStampedWhenItComesAsync(Socket listener)
    {
        using var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(listener.LocalEndPoint!, Ct);
        var before = TimeProvider.System.GetUtcNow();
        await caller.SendAsync("call"u8.ToArray(), Ct);
        var sent = TimeProvider.System.GetUtcNow();
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Ct);
        var cameAt = NextCall(listener);
        return cameAt >= before.AddMilliseconds(-1) && cameAt <= sent.AddMilliseconds(1);
    }

    private static DateTimeOffset NextCall(Socket listener)
    {
        using var accepted = listener.Accept();
        var bytes = new byte[16];
        var read = ArrivalStamp.Receive(accepted, bytes, out var cameAt);
        Assert.Equal("call"u8, bytes.AsSpan(0, read));
        return cameAt;
    }
}
