namespace OrleansCache.Redis;

/// <summary>Where Redis is and how to speak to it.</summary>
public sealed class RedisConnectionOptions
{
    /// <summary><c>redis://host:port</c>, tried in turn until one answers: names of one server, not of its replicas.</summary>
    public IReadOnlyList<Uri> EndPoints { get; set; } = [];

    /// <summary>ACL user; null is Redis' <c>default</c>.</summary>
    public string? User { get; set; }

    /// <summary>Password of the user; null for none. It is in no message.</summary>
    public string? Password { get; set; }

    /// <summary>Speaks TLS.</summary>
    public bool Ssl { get; set; }

    /// <summary>Name that the certificate must bear; default: the host connected to.</summary>
    public string? SslHost { get; set; }

    /// <summary>Replaces the system's judgement of the server's certificate.</summary>
    public RemoteCertificateValidationCallback? CertificateValidation { get; set; }

    /// <summary>Asks online whether the certificate was revoked. Default: no.</summary>
    public bool CheckCertificateRevocation { get; set; }

    /// <summary>0 or above.</summary>
    public int Database { get; set; }

    /// <summary>Shown by <c>CLIENT LIST</c>; no spaces.</summary>
    public string? ClientName { get; set; }

    /// <summary>For one attempt, handshake included, and for the whole wait at start. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For one command, kept within a twentieth. Default 5 s. Replies come in order: the connection is given up then.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>So often an idle connection is tried with a PING. Default 60 s; zero is never.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>True (the default): no connection within <see cref="ConnectTimeout"/> at start is an error. False: go on trying.</summary>
    public bool AbortOnConnectFail { get; set; } = true;

    /// <summary>Wait after a lost connection; doubled by each round of attempts up to <see cref="MaxBackoff"/>, less up to half at random.</summary>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between two attempts to connect. Default 5 s.</summary>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Commands that may wait for their answers; one more fails at once.</summary>
    public int MaxPendingCommands { get; set; } = 100_000;

    /// <summary>Bytes that may wait to be sent before a further command fails at once.</summary>
    public int MaxUnsentBytes { get; set; } = 128 << 20;

    /// <summary>Largest reply; a larger one breaks the connection.</summary>
    public int MaxReplyBytes { get; set; } = 64 << 20;

    /// <summary>Reads a connection string in the format of StackExchange.Redis.</summary>
    /// <exception cref="FormatException">Names the part, its value (never a password) and what would do.</exception>
    public static RedisConnectionOptions Parse(string connectionString) => RedisConnectionString.Parse(connectionString);

    /// <summary>End points and database; never a credential.</summary>
    public override string ToString() => $"{string.Join(',', EndPoints.Select(endPoint => endPoint.Authority))}/{Database}";
}
