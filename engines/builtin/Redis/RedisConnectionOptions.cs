using System.Collections.Immutable;
using System.Net;
using System.Net.Security;

namespace OrleansCache.Redis;

/// <summary>Where Redis is and how to speak to it.</summary>
public sealed class RedisConnectionOptions
{
    /// <summary>Tried in turn until one answers; with several, one that says it is a replica is passed over.</summary>
    public ImmutableArray<EndPoint> EndPoints { get; init; } = [];

    /// <summary>ACL user; null is Redis' <c>default</c>.</summary>
    public string? User { get; init; }

    /// <summary>Password of the user; null for none. It is in no message.</summary>
    public string? Password { get; init; }

    /// <summary>Speaks TLS.</summary>
    public bool Ssl { get; init; }

    /// <summary>Name that the certificate must bear; default: the host connected to.</summary>
    public string? SslHost { get; init; }

    /// <summary>Replaces the system's judgement of the server's certificate.</summary>
    public RemoteCertificateValidationCallback? CertificateValidation { get; set; }

    /// <summary>Asks online whether the certificate was revoked. Default: no.</summary>
    public bool CheckCertificateRevocation { get; init; }

    /// <summary>0 or above.</summary>
    public int Database { get; init; }

    /// <summary>Shown by <c>CLIENT LIST</c>; no spaces.</summary>
    public string? ClientName { get; init; }

    /// <summary>For one attempt, handshake included, and for the whole wait at start. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one command, kept within a twentieth. Default 5 s. A server silent for twice as long is given up.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A connection idle this long is tried with a PING. Default 60 s; zero is never.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>True (the default): no connection within <see cref="ConnectTimeout"/> at start is an error. False: go on trying.</summary>
    public bool AbortOnConnectFail { get; init; } = true;

    /// <summary>Asks for RESP3 first. RESP2 has no subscriptions here.</summary>
    public bool Resp3 { get; init; } = true;

    /// <summary>Wait after a lost connection; doubled by each round of attempts up to <see cref="MaxBackoff"/>, less up to half at random.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between two attempts to connect. Default 5 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Commands that may wait for their answers; one more fails at once.</summary>
    public int MaxPendingCommands { get; init; } = 100_000;

    /// <summary>Bytes that may wait to be sent before a further command fails at once.</summary>
    public int MaxUnsentBytes { get; init; } = 128 << 20;

    /// <summary>Largest reply; a larger one breaks the connection.</summary>
    public int MaxReplyBytes { get; init; } = 64 << 20;

    /// <summary>Reads a connection string in the format of StackExchange.Redis.</summary>
    /// <exception cref="FormatException">Names the part, its value (never a password) and what would do.</exception>
    public static RedisConnectionOptions Parse(string connectionString) => RedisConnectionString.Parse(connectionString);

    /// <summary>End points and database; never a credential.</summary>
    public override string ToString() => $"{string.Join(',', EndPoints.Select(Describe))}/{Database}";

    internal static string Describe(EndPoint endPoint) => endPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : $"{endPoint}";
}
