namespace OrleansCache.Redis;

/// <summary>
/// Redis over one connection that all callers share and that comes back by itself. While it is away commands fail at once.
/// Awaited results complete on the read loop: continuations must not block. Each returned ValueTask is awaited once. Thread-safe.
/// </summary>
public sealed partial class RedisClient : IAsyncDisposable
{
    private readonly RedisConnectionOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private volatile RedisConnection? _connection;

    private RedisClient(RedisConnectionOptions options, TimeProvider clock, ILogger logger)
        => (_options, _clock, _logger) = (options, clock, logger);

    /// <summary>Raised when a connection is there, at first and again; before that subscriptions are renewed, but messages may have been missed.</summary>
    public event Action? Connected;

    /// <summary>Raised, with the cause, when an established connection is lost.</summary>
    public event Action<Exception>? ConnectionLost;

    /// <summary>Commands are being sent, rather than failing at once.</summary>
    public bool IsConnected => _connection is { IsBroken: false };

    /// <summary>Why there is no connection, or why the last one ended.</summary>
    public Exception LastFailure { get; private set; } = new TimeoutException("No attempt to connect has ended yet.");

    /// <summary>Commands that wait for their answers.</summary>
    public int Outstanding => _connection?.Outstanding ?? 0;

    /// <summary>Connects, and waits for that up to <see cref="RedisConnectionOptions.ConnectTimeout"/>.</summary>
    /// <exception cref="RedisConnectionException">Not reached in time, or refused, and <see cref="RedisConnectionOptions.AbortOnConnectFail"/> is set.</exception>
    public static async Task<RedisClient> ConnectAsync(
        RedisConnectionOptions options, TimeProvider? clock = null, ILogger? logger = null, CancellationToken cancellationToken = default)
    {
        if (options.EndPoints.Count == 0)
            throw new ArgumentException("EndPoints is empty; name at least one server.", nameof(options));
        var client = new RedisClient(options, clock ?? TimeProvider.System, logger ?? NullLogger.Instance);
        client._running = Task.Run(client.RunAsync, CancellationToken.None);
        var decided = client._decided.Task.WaitAsync(options.ConnectTimeout, client._clock, cancellationToken);
        await decided.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (client.IsConnected || (!options.AbortOnConnectFail && !cancellationToken.IsCancellationRequested))
            return client;
        await client.DisposeAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        var message = $"Redis at {options} was not reached within {options.ConnectTimeout.TotalMilliseconds} ms (connectTimeout): {client.LastFailure.Message}";
        throw new RedisConnectionException(message, maybeApplied: false, client.LastFailure);
    }

    /// <summary>
    /// Any command, word by word: <c>ExecuteAsync(["HSET", key, "field", value])</c>. Not for SUBSCRIBE or blocking commands.
    /// A token ends the wait, not the command.
    /// </summary>
    /// <exception cref="RedisServerException">The server refused it.</exception>
    /// <exception cref="RedisConnectionException">No connection, or it broke: see <see cref="RedisConnectionException.MaybeApplied"/>.</exception>
    /// <exception cref="RedisTimeoutException">No answer came in time.</exception>
    public ValueTask<RedisReply> ExecuteAsync(ReadOnlySpan<RedisArgument> command, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sent = _connection?.Send(command) ?? new PendingCommand().Fail(new RedisConnectionException(
            $"Redis at {_options} is not connected; the command was not sent. {LastFailure.Message}", maybeApplied: false, LastFailure));
        return sent.ReplyAsync(cancellationToken);
    }

    /// <summary>Runs a script by its SHA; a server that does not have it gets the text. An error reply of the script throws.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisReply> EvalAsync(
        RedisScript script, RedisArgument[] keys, RedisArgument[] arguments, CancellationToken cancellationToken = default)
    {
        try
        {
            return await ExecuteAsync(["EVALSHA", script.Sha, keys.Length, .. keys, .. arguments], cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Code == "NOSCRIPT")
        {
            return await ExecuteAsync(["EVAL", script.Text, keys.Length, .. keys, .. arguments], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the connection; what waits for an answer fails.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        var told = new HashSet<string>();      // once for each reason, until there is a connection again
        for (var failed = 0; !_stopping.IsCancellationRequested; failed++)
        {
            var endPoint = _options.EndPoints[failed % _options.EndPoints.Count];
            try
            {
                var connection = await OpenAsync(endPoint).ConfigureAwait(false);
                using var stop = _stopping.Token.UnsafeRegister(_ => connection.Abort(new ObjectDisposedException(nameof(RedisClient))), null);
                (_connection, failed, told) = (connection, 0, []);
                _decided.TrySetResult();
                Guarded(() => Connected?.Invoke());
                throw await connection.Closed.ConfigureAwait(false);
            }
            catch (Exception exception) when (!_stopping.IsCancellationRequested)
            {
                LastFailure = exception;
                if (told.Add($"{endPoint.Authority} {exception.Message}"))
                    _logger.NotConnected(exception, endPoint.Authority);
                if (exception is RedisServerException { Code: not "LOADING" } && _options.EndPoints.Count == 1)
                    _decided.TrySetResult();
                if (Interlocked.Exchange(ref _connection, null) is not null)
                    Guarded(() => ConnectionLost?.Invoke(exception));
            }
            await Task.Delay(BackOff(failed / _options.EndPoints.Count), _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Doubled by each round of all end points, less up to half at random.
    private TimeSpan BackOff(int rounds) => (1 - (Random.Shared.NextDouble() / 2))
        * TimeSpan.FromTicks((long)Math.Min(_options.MinBackoff.Ticks * Math.Pow(2, Math.Min(rounds, 20)), _options.MaxBackoff.Ticks));

    private void Guarded(Action handler)
    {
        try
        {
            handler();
        }
        catch (Exception exception)
        {
            _logger.HandlerThrew(exception);
        }
    }

    private async Task<RedisConnection> OpenAsync(Uri endPoint)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint.IdnHost, endPoint.Port, both.Token).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (_options.Ssl)
            {
                var secure = new SslStream(stream, leaveInnerStreamOpen: false, _options.CertificateValidation);
                var authenticated = secure.AuthenticateAsClientAsync(_options.SslHost ?? endPoint.IdnHost, null, _options.CheckCertificateRevocation);
                await authenticated.WaitAsync(both.Token).ConfigureAwait(false);
                stream = secure;
            }
            var connection = new RedisConnection(stream, endPoint.Authority, _options, _clock, Deliver);
            connection.Start();
            await GreetAsync(connection, both.Token).ConfigureAwait(false);
            await ResubscribeAsync(connection, both.Token).ConfigureAwait(false);
            _logger.Connected(endPoint.Authority, _options.Database);
            return connection;
        }
        catch
        {
            socket.Dispose();       // which ends the connection's reading, if that has begun, and thereby the connection
            throw;
        }
    }

    // A server that loads its data set accepts connections, and refuses what matters: hence the PING.
    private async Task GreetAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        RedisArgument[] credentials = _options.Password is { } password ? ["AUTH", _options.User ?? "default", password] : [];
        RedisArgument[] name = _options.ClientName is { } given ? ["SETNAME", given] : [];
        try
        {
            await connection.Send(["HELLO", 3, .. credentials, .. name]).ReplyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Code is "NOPROTO" or "ERR")
        {
            // The server's own message repeats the command, password and all.
            throw new RedisServerException("NOPROTO This server does not speak RESP3; Redis does from version 6 on, where HELLO is not renamed.");
        }
        if (_options.Database != 0)
            await connection.Send(["SELECT", _options.Database]).ReplyAsync(cancellationToken).ConfigureAwait(false);
        await connection.Send(["PING"]).ReplyAsync(cancellationToken).ConfigureAwait(false);
    }
}
