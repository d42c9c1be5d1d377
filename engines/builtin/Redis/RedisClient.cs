using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

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
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RedisSubscriptions _subscriptions;
    private readonly Task _running;
    private volatile RedisConnection? _connection;
    private volatile Exception _lastFailure = new RedisConnectionException("No attempt to connect has ended yet.", maybeApplied: false);

    private RedisClient(RedisConnectionOptions options, TimeProvider clock, ILogger logger)
    {
        (_options, _clock, _logger) = (options, clock, logger);
        _subscriptions = new RedisSubscriptions(logger);
        _running = RunAsync();
    }

    /// <summary>Raised when a connection is there, at first and again; before that subscriptions are renewed, but messages may have been missed.</summary>
    public event Action? Connected;

    /// <summary>Raised, with the cause, when an established connection is lost.</summary>
    public event Action<Exception>? ConnectionLost;

    /// <summary>Commands are being sent, rather than failing at once.</summary>
    public bool IsConnected => _connection is { IsBroken: false };

    /// <summary>Why there is no connection, or why the last one ended.</summary>
    public Exception LastFailure => _lastFailure;

    /// <summary>Commands that wait for their answers.</summary>
    public int Outstanding => _connection?.Outstanding ?? 0;

    /// <summary>Connects, and waits for that up to <see cref="RedisConnectionOptions.ConnectTimeout"/>.</summary>
    /// <exception cref="RedisConnectionException">Not reached in time, or refused, and <see cref="RedisConnectionOptions.AbortOnConnectFail"/> is set.</exception>
    public static async Task<RedisClient> ConnectAsync(
        RedisConnectionOptions options, TimeProvider? clock = null, ILogger? logger = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.EndPoints.IsDefaultOrEmpty)
            throw new ArgumentException("EndPoints is empty; name at least one server.", nameof(options));
        var client = new RedisClient(options, clock ?? TimeProvider.System, logger ?? NullLogger.Instance);
        var started = client._started.Task.WaitAsync(options.ConnectTimeout, client._clock, cancellationToken);
        await started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (started.IsCompletedSuccessfully || (!options.AbortOnConnectFail && !cancellationToken.IsCancellationRequested))
            return client;
        await client.DisposeAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        throw new RedisConnectionException(
            $"Redis at {options} was not reached within {options.ConnectTimeout.TotalMilliseconds} ms (connectTimeout): {client.LastFailure.Message}",
            maybeApplied: false,
            client.LastFailure);
    }

    /// <summary>Closes the connection; what waits for an answer fails.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private PendingCommand Send(ReadOnlySpan<RedisArgument> command, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return PendingCommand.Failed(new OperationCanceledException(cancellationToken));
        return _connection?.Send(command) ?? PendingCommand.Failed(new RedisConnectionException(
            $"Redis at {_options} is not connected; the command was not sent. {LastFailure.Message}", maybeApplied: false, LastFailure));
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (var failed = 0; !_stopping.IsCancellationRequested; failed++)
        {
            var endPoint = _options.EndPoints[failed % _options.EndPoints.Length];
            try
            {
                await ServeAsync(await OpenAsync(endPoint).ConfigureAwait(false)).ConfigureAwait(false);
                failed = -1;
            }
            catch (Exception exception)
            {
                _lastFailure = exception;
                if (exception is RedisServerException { Code: not "LOADING" } && _options.EndPoints.Length == 1)
                    _started.TrySetException(exception);
                _logger.NotReached(exception, RedisConnectionOptions.Describe(endPoint), failed + 1);
            }
            await Task.Delay(BackOff(failed + 1), _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Doubled after each round of all end points, less up to half at random; within the first round there is no wait.
    private TimeSpan BackOff(int failed)
    {
        if (failed % _options.EndPoints.Length != 0)
            return TimeSpan.Zero;
        var doublings = Math.Min(failed / _options.EndPoints.Length, 30);
        var ceiling = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, doublings));
        return TimeSpan.FromMilliseconds(ceiling * (1 - (Random.Shared.NextDouble() / 2)));
    }

    // Returns when the connection has broken.
    private async Task ServeAsync(RedisConnection connection)
    {
        using var stop = _stopping.Token.UnsafeRegister(
            static state => ((RedisConnection)state!).Abort(new ObjectDisposedException(nameof(RedisClient))), connection);
        _connection = connection;
        _started.TrySetResult();
        Raise(() => Connected?.Invoke());
        var cause = await connection.Closed.ConfigureAwait(false);
        (_lastFailure, _connection) = (cause, null);
        if (_stopping.IsCancellationRequested)
            return;
        _logger.Lost(cause, connection.EndPoint);
        Raise(() => ConnectionLost?.Invoke(cause));
    }

    private void Raise(Action handlers)
    {
        try
        {
            handlers();
        }
        catch (Exception exception)
        {
            _logger.HandlerThrew(exception);
        }
    }

    private async Task<RedisConnection> OpenAsync(EndPoint endPoint)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        RedisConnection? connection = null;
        try
        {
            await socket.ConnectAsync(endPoint, both.Token).ConfigureAwait(false);
            var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true), endPoint, both.Token).ConfigureAwait(false);
            connection = new RedisConnection(stream, RedisConnectionOptions.Describe(endPoint), _options, _clock, _subscriptions.Deliver);
            var protocol = await RedisHandshake.GreetAsync(connection, _options, both.Token).ConfigureAwait(false);
            await _subscriptions.RenewAsync(connection, protocol, both.Token).ConfigureAwait(false);
            _logger.Connected(RedisConnectionOptions.Describe(endPoint), protocol, _options.Database);
            return connection;
        }
        catch (Exception exception)
        {
            connection?.Abort(exception);
            socket.Dispose();
            if (limit.IsCancellationRequested && exception is OperationCanceledException)
                throw new TimeoutException($"{RedisConnectionOptions.Describe(endPoint)} did not answer within {_options.ConnectTimeout.TotalMilliseconds} ms (connectTimeout).", exception);
            throw;
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream stream, EndPoint endPoint, CancellationToken cancellationToken)
    {
        if (!_options.Ssl)
            return stream;
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = _options.SslHost ?? (endPoint is DnsEndPoint dns ? dns.Host : ((IPEndPoint)endPoint).Address.ToString()),
            RemoteCertificateValidationCallback = _options.CertificateValidation,
            CertificateRevocationCheckMode = _options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
        };
        await secure.AuthenticateAsClientAsync(authentication, cancellationToken).ConfigureAwait(false);
        return secure;
    }
}
