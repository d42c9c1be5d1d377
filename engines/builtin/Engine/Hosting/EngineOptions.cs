namespace OrleansCache.Engine;

/// <summary>What a silo and a client have in common.</summary>
[BuiltinOnly]
public abstract class EngineOptions
{
    /// <summary>Silos and clients of one cluster have the same.</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>After this long without an answer a call fails with <see cref="TimeoutException"/>. Above zero; 30 s if not set.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A new connection must introduce itself within this time. Above zero; 5 s if not set.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>In bytes, of one message. At least 1 KiB; 10 MiB if not set.</summary>
    public int MaxFrameBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Calls under way on one connection; more are refused. At least 1; 10,000 if not set.</summary>
    public int MaxCallsPerConnection { get; set; } = 10_000;

    /// <summary>Calls that run or wait at one grain; more are refused. At least 1; 10,000 if not set.</summary>
    public int MaxCallsPerGrain { get; set; } = 10_000;

    /// <summary>In bytes that the other side has not taken yet; a connection beyond it is closed. 64 MiB if not set.</summary>
    public int MaxUnsentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Trouble on purpose, for tests; null for none.</summary>
    public ChaosOptions? Chaos { get; set; }

    /// <summary>What is wrong: each with the field, its value and the way out.</summary>
    internal virtual IEnumerable<string> Errors() =>
    [
        .. Unless(!string.IsNullOrWhiteSpace(ClusterId), nameof(ClusterId), "''", "give the cluster a name"),
        .. Unless(ResponseTimeout > TimeSpan.Zero, nameof(ResponseTimeout), ResponseTimeout, "set it above zero"),
        .. Unless(HandshakeTimeout > TimeSpan.Zero, nameof(HandshakeTimeout), HandshakeTimeout, "set it above zero"),
        .. Unless(MaxFrameBytes >= 1024, nameof(MaxFrameBytes), MaxFrameBytes, "set it to 1024 or more"),
        .. Unless(MaxCallsPerConnection >= 1, nameof(MaxCallsPerConnection), MaxCallsPerConnection, "set it to 1 or more"),
        .. Unless(MaxCallsPerGrain >= 1, nameof(MaxCallsPerGrain), MaxCallsPerGrain, "set it to 1 or more"),
        .. Unless(MaxUnsentBytes >= MaxFrameBytes, nameof(MaxUnsentBytes), MaxUnsentBytes, $"set it to MaxFrameBytes ({MaxFrameBytes}) or more"),
    ];

    private protected static IEnumerable<string> Unless(bool good, string field, object value, string remedy) => good ? [] : [$"{field} is {value}; {remedy}."];
}

/// <summary>A silo.</summary>
[BuiltinOnly]
public sealed class EngineSiloOptions : EngineOptions
{
    /// <summary>Where clients and silos connect; null: this silo serves its own process only. Port 0 takes a free one.</summary>
    public IPEndPoint? Endpoint { get; set; } = new(IPAddress.Loopback, 11111);

    /// <summary>Encrypts connections; null: they are plain.</summary>
    public SslServerAuthenticationOptions? Tls { get; set; }

    /// <summary>Encrypts connections to other silos; asked at each.</summary>
    public Func<EndPoint, SslClientAuthenticationOptions>? TlsToSilos { get; set; }

    /// <summary>A grain that nobody used for this long (up to a sixteenth more) is deactivated. At least a second; 15 minutes if not set.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    internal override IEnumerable<string> Errors() =>
        [.. base.Errors(), .. Unless(CollectionAge >= TimeSpan.FromSeconds(1), nameof(CollectionAge), CollectionAge, "set it to a second or more")];
}

/// <summary>A client.</summary>
[BuiltinOnly]
public sealed class EngineClientOptions : EngineOptions
{
    /// <summary>Silos to connect to; calls go to any that is connected.</summary>
    public IList<EndPoint> Endpoints { get; } = [];

    /// <summary>Names the silos when <see cref="Endpoints"/> does not. Asked at first, and again while one of them is not connected;
    /// what it throws is told to the calls that wait.</summary>
    public Func<CancellationToken, Task<IReadOnlyCollection<EndPoint>>>? FindEndpoints { get; set; }

    /// <summary>Connections to each silo. 1 to 64; 1 if not set.</summary>
    public int ConnectionsPerEndpoint { get; set; } = 1;

    /// <summary>Encrypts connections; null: they are plain. Asked at each.</summary>
    public Func<EndPoint, SslClientAuthenticationOptions>? Tls { get; set; }

    /// <summary>The code after an awaited call runs on the thread that read the answer. When true it must not block; else it may, since
    /// another thread stands by to read on. True if not set.</summary>
    public bool ContinueInline { get; set; } = true;

    /// <summary>A call waits this long for a connection before it fails. 5 s if not set.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait before the second attempt to connect, doubled at each further one, with jitter. 100 ms if not set.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between attempts. 5 s if not set.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    internal override IEnumerable<string> Errors() =>
    [
        .. base.Errors(),
        .. Unless(Endpoints.Count > 0 || FindEndpoints is not null, nameof(Endpoints), "empty", "add a silo's address, for example 127.0.0.1:11111"),
        .. Unless(ConnectionsPerEndpoint is >= 1 and <= 64, nameof(ConnectionsPerEndpoint), ConnectionsPerEndpoint, "set it from 1 to 64"),
        .. Unless(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout), ConnectTimeout, "set it above zero"),
        .. Unless(ReconnectDelay > TimeSpan.Zero && MaxReconnectDelay >= ReconnectDelay, nameof(ReconnectDelay), ReconnectDelay,
            $"set it above zero and to at most MaxReconnectDelay ({MaxReconnectDelay})"),
    ];
}
