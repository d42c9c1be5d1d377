namespace OrleansCache.Engine;

/// <summary>The silo could not start: the message says why and what to do.</summary>
[BuiltinOnly]
public sealed class EngineStartException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>Takes connections of clients and of other silos.</summary>
internal sealed class SiloListener(SiloRuntime runtime, EngineSiloOptions options) : IDisposable
{
    private const int Backlog = 512;

    /// <summary>So many connections have a thread each; further ones share the pool's.</summary>
    internal const int MostThreads = 256;

    private static readonly TimeSpan PauseAfterTrouble = TimeSpan.FromMilliseconds(20);
    private readonly ConcurrentDictionary<string, ImmutableArray<Connection>> _clients = new();
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;
    private int _threads;

    public IPEndPoint? Endpoint { get; private set; }

    /// <exception cref="EngineStartException">The address cannot be had.</exception>
    public void Start()
    {
        if (options.Endpoint is not { } endpoint)
            return;
        try
        {
            _socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                _socket.DualMode = true;
            _socket.Bind(endpoint);
            _socket.Listen(Backlog);
        }
        catch (SocketException error)
        {
            _socket?.Dispose();
            throw new EngineStartException($"EngineSiloOptions.Endpoint is {endpoint}, which " + (error.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? "another process uses; stop that one or choose another port." : $"cannot be listened on: {error.Message}"), error);
        }
        Endpoint = (IPEndPoint)_socket.LocalEndPoint!;
        _accepting = AcceptAsync(_socket);
    }

    /// <summary>A connection to the process that holds an observer.</summary>
    public Connection? ToClient(string clientId) => _clients.GetValueOrDefault(clientId, []).FirstOrDefault(c => c.IsOpen);

    public Task StopListeningAsync()
    {
        Dispose();
        return _accepting;
    }

    public void Dispose() => _socket?.Dispose();

    /// <summary>Closes all connections once their answers have left.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        var closing = _clients.Values.SelectMany(connections => connections).Select(connection => connection.CloseAsync("the silo stops."));
        await Task.WhenAll(closing).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync(Socket listening)
    {
        while (true)
        {
            try
            {
                var socket = await listening.AcceptAsync().ConfigureAwait(false);
                if (Interlocked.Increment(ref _threads) <= MostThreads)
                    new Thread(() => Serve(socket)) { IsBackground = true, Name = "OrleansCache connection" }.UnsafeStart();
                else
                    ThreadPool.UnsafeQueueUserWorkItem(Serve, socket, preferLocal: false);
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterTrouble, runtime.Time).ConfigureAwait(false);     // one was gone already, or there are too many
            }
        }
    }

    /// <summary>Returns when the connection has ended, or goes on without this thread.</summary>
    private void Serve(Socket socket)
    {
        _ = ServeAsync(socket);
        Interlocked.Decrement(ref _threads);
    }

    private async Task ServeAsync(Socket socket)
    {
        var remote = socket.RemoteEndPoint?.ToString() ?? "?";
        Connection connection;
        try
        {
            using var patience = new CancellationTokenSource(options.HandshakeTimeout, runtime.Time);
            connection = await Connection.OpenAsync(runtime, socket,
                options.Tls is { } tls ? stream => stream.AuthenticateAsServerAsync(tls, patience.Token) : null,
                (stream, input) => GreetAsync(stream, input, patience.Token)).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            runtime.Log.ConnectionRefused(remote, error is OperationCanceledException ? $"it did not introduce itself within {options.HandshakeTimeout}." : error.Message);
            return;
        }
        var client = connection.Peer.ClientId ?? "";
        _clients.AddOrUpdate(client, [connection], (_, others) => others.Add(connection));
        await connection.RunAsync().ConfigureAwait(false);
        var left = _clients.AddOrUpdate(client, [], (_, others) => others.Remove(connection));
        if (left.IsEmpty)
            _clients.TryRemove(KeyValuePair.Create(client, left));
    }

    private async Task<Handshake> GreetAsync(Stream stream, FrameReader input, CancellationToken cancellationToken)
    {
        Handshake hello;
        try
        {
            hello = await Handshake.ReceiveAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            await stream.WriteAsync("OrleansCache: this is a silo's port of engine 'builtin', which nothing else can use.\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            throw;
        }
        var mine = Handshake.Of(runtime);
        var refusal = runtime.IsClosed ? "the silo is stopping." : mine.Mismatch(hello);
        await (mine with { Refusal = refusal is null ? null : hello.Mismatch(mine) ?? refusal }).SendAsync(stream, cancellationToken).ConfigureAwait(false);
        return refusal is null ? hello : throw new InvalidDataException(refusal);
    }
}
