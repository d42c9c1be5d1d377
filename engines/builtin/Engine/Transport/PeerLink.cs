namespace OrleansCache.Engine;

/// <summary>How connections to silos are made and remade.</summary>
internal sealed record LinkOptions(
    Func<EndPoint, SslClientAuthenticationOptions>? Tls, TimeSpan ConnectTimeout, TimeSpan ReconnectDelay, TimeSpan MaxReconnectDelay, int Count = 1)
{
    /// <summary>The wait after an attempt, doubled at each; between half of it and all of it.</summary>
    public TimeSpan Delay(int attempt)
    {
        var full = Math.Min(ReconnectDelay.Ticks * Math.Pow(2, attempt), MaxReconnectDelay.Ticks);
        return TimeSpan.FromTicks((long)(full * (0.5 + (Random.Shared.NextDouble() / 2))));
    }
}

/// <summary>One connection to a silo, remade with a growing, jittered delay whenever it breaks, until disposed.</summary>
internal sealed class PeerLink : IDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly EngineRuntime _runtime;
    private readonly EndPoint _endpoint;
    private readonly LinkOptions _options;
    private readonly Action _changed;
    private volatile Connection? _connection;
    private TaskCompletionSource<Connection?> _attempt = New();     // completed, it failed

    public PeerLink(EngineRuntime runtime, EndPoint endpoint, LinkOptions options, Action changed)
    {
        (_runtime, _endpoint, _options, _changed) = (runtime, endpoint, options, changed);
        _ = KeepAsync();
    }

    /// <summary>The connection, while there is one.</summary>
    public Connection? Connection => _connection is { IsOpen: true } open ? open : null;

    /// <summary>Why there is none.</summary>
    public string Trouble { get; private set; } = "no attempt has ended yet.";

    /// <summary>True when the last attempt to connect failed: to wait for the next is the caller's choice.</summary>
    public bool HasFailed => Volatile.Read(ref _attempt).Task.IsCompleted;

    public void Dispose() => _disposed.Cancel();

    /// <summary>Sends a request: at once, or as soon as the connection that is being made is there.</summary>
    public void Send(GrainRequest request)
    {
        var attempt = Volatile.Read(ref _attempt).Task;     // first: the one after a connection that is made just now would be waited for in vain
        if (Connection is { } connection)
            connection.Send(request);
        else
            _ = _runtime.SendLaterAsync(request, EndedAsync(attempt));
    }

    private async Task<Connection> EndedAsync(Task<Connection?> attempt) =>
        await attempt.ConfigureAwait(false) ?? throw new SiloUnavailableException($"Silo {_endpoint} is not connected: {Trouble}");

    private static TaskCompletionSource<Connection?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task KeepAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var attempt = 0;
        while (!_disposed.IsCancellationRequested)
        {
            try
            {
                var connection = await ConnectAsync().ConfigureAwait(false);
                (attempt, _connection) = (0, connection);
                Interlocked.Exchange(ref _attempt, New()).TrySetResult(connection);
                _runtime.Log.Connected(connection.Remote);
                _changed();
                using (_disposed.Token.UnsafeRegister(static made => _ = ((Connection)made!).CloseAsync("this side stops."), connection))
                    await connection.RunAsync().ConfigureAwait(false);
                (_connection, Trouble) = (null, "the connection broke.");
                if (!_disposed.IsCancellationRequested)
                    _runtime.Log.ConnectionBroken(connection.Remote, "the silo closed it.");
            }
            catch (Exception error)
            {
                Trouble = error is OperationCanceledException ? $"it did not answer within {_options.ConnectTimeout}." : error.Message;
                _attempt.TrySetResult(null);
            }
            var delay = _options.Delay(attempt++);
            if (attempt > 1 && !_disposed.IsCancellationRequested)
                _runtime.Log.ConnectFailed(_endpoint.ToString()!, Trouble, delay);
            _changed();
            await Task.Delay(delay, _runtime.Time, _disposed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        _attempt.TrySetResult(null);
    }

    private async Task<Connection> ConnectAsync()
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _runtime.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _disposed.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(_endpoint, either.Token).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        return await Connection.OpenAsync(_runtime, socket,
            _options.Tls is { } tls ? stream => stream.AuthenticateAsClientAsync(tls(_endpoint), either.Token) : null,
            (stream, input) => GreetAsync(stream, input, either.Token)).ConfigureAwait(false);
    }

    private async Task<Handshake> GreetAsync(Stream stream, FrameReader input, CancellationToken cancellationToken)
    {
        var mine = Handshake.Of(_runtime);
        await mine.SendAsync(stream, cancellationToken).ConfigureAwait(false);
        var hello = await Handshake.ReceiveAsync(input, cancellationToken).ConfigureAwait(false);
        return (hello.Refusal ?? mine.Mismatch(hello)) is { } refusal ? throw new InvalidDataException($"the silo refused: {refusal}") : hello;
    }
}
