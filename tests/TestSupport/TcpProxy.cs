using System.Net;
using System.Net.Sockets;

namespace OrleansCache.TestSupport;

/// <summary>
/// A way between two processes that the test owns: bytes pass, come late, are held back, get lost, or the connections are cut. It listens on a
/// free port, of loopback unless told.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Link> _links = [];
    private readonly Lane _there = new();
    private readonly Lane _back = new();
    private readonly Task _accepting;
    private bool _isCut;

    private TcpProxy(int target, IPAddress address)
    {
        _target = target;
        Port = FreePort.Next();
        EndPoint = $"{address}:{Port}";
        _listener.Bind(new IPEndPoint(address, Port));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary><c>address:port</c>.</summary>
    public string EndPoint { get; }

    /// <summary>How many connections pass now.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
                return _links.Count;
        }
    }

    /// <summary>A proxy to a loopback port, where somebody may listen later.</summary>
    public static TcpProxy To(int port, IPAddress? listenOn = null) => new(port, listenOn ?? IPAddress.Loopback);

    /// <summary>What is read from now on is passed on this much later, in each direction.</summary>
    public void Delay(TimeSpan each) => (_there.Delay, _back.Delay) = (each, each);

    /// <summary>Resets every connection, and each new one at once, until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        lock (_lock)
            _isCut = true;
        Reset(_ => true);
    }

    /// <summary>Resets every connection once; new ones pass.</summary>
    public void Reset() => Reset(_ => true);

    /// <summary>Holds bytes back, as a network does that lost its way: connections stay, nothing arrives until <see cref="Heal"/>.</summary>
    public void Hold(ProxyDirection direction)
    {
        foreach (var lane in Lanes(direction))
            lane.Hold();
    }

    /// <summary>Bytes are taken and never arrive; <see cref="Heal"/> resets the connections that this befell.</summary>
    public void Swallow(ProxyDirection direction)
    {
        foreach (var lane in Lanes(direction))
            lane.Swallows = true;
    }

    /// <summary>Everything passes again.</summary>
    public void Heal()
    {
        lock (_lock)
            _isCut = false;
        Delay(TimeSpan.Zero);
        foreach (var lane in Lanes(ProxyDirection.Both))
        {
            lane.Swallows = false;
            lane.Release();
        }
        Reset(link => link.HasLost);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        Heal();
        Reset(_ => true);
        await _accepting;
        _stopping.Dispose();
    }

    private IEnumerable<Lane> Lanes(ProxyDirection direction)
    {
        if (direction.HasFlag(ProxyDirection.ToServer))
            yield return _there;
        if (direction.HasFlag(ProxyDirection.ToClient))
            yield return _back;
    }

    private void Reset(Func<Link, bool> which)
    {
        Link[] links;
        lock (_lock)
            links = [.. _links.Where(which)];
        foreach (var link in links)
            link.Reset();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = PassAsync(await _listener.AcceptAsync(_stopping.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket client)
    {
        var link = new Link(client, new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            bool isCut;
            lock (_lock)
            {
                isCut = _isCut;
                _links.Add(link);
            }
            if (isCut)
                return;
            await link.Server.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);
            link.Client.NoDelay = link.Server.NoDelay = true;
            var lanes = (Task[])[PumpAsync(link, link.Client, link.Server, _there), PumpAsync(link, link.Server, link.Client, _back)];
            await await Task.WhenAny(lanes);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side is gone, and so is the other.
        }
        finally
        {
            lock (_lock)
                _links.Remove(link);
            link.Reset();
        }
    }

    private async Task PumpAsync(Link link, Socket from, Socket to, Lane lane)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
        {
            await lane.PassAsync(_stopping.Token);
            if (lane.Swallows)
                link.HasLost = true;
            if (link.HasLost)
                continue;
            for (var sent = 0; sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
        }
    }

    private sealed class Lane
    {
        private volatile TaskCompletionSource? _held;
        private long _delay;

        public TimeSpan Delay
        {
            get => new(Interlocked.Read(ref _delay));
            set => Interlocked.Exchange(ref _delay, value.Ticks);
        }

        public volatile bool Swallows;

        public void Hold() => _held ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release()
        {
            var held = _held;
            _held = null;
            held?.TrySetResult();
        }

        public async ValueTask PassAsync(CancellationToken cancellationToken)
        {
            if (Delay is { Ticks: > 0 } delay)
                await Task.Delay(delay, TimeProvider.System, cancellationToken);
            if (_held is { } held)
                await held.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class Link(Socket client, Socket server)
    {
        public Socket Client => client;

        public Socket Server => server;

        public volatile bool HasLost;

        public void Reset()
        {
            foreach (var socket in (Socket[])[client, server])
            {
                try
                {
                    socket.LingerState = new(true, 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // It was not connected, or is gone.
                }
                socket.Dispose();
            }
        }
    }
}

/// <summary>Which way through a <see cref="TcpProxy"/>.</summary>
[Flags]
public enum ProxyDirection
{
    ToServer = 1,
    ToClient = 2,
    Both = ToServer | ToClient,
}
