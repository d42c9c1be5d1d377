namespace OrleansCache.TestSupport;

/// <summary>How a test's redis-server is started. Default: plain TCP on loopback, nothing kept on disk, no password.</summary>
public sealed record RedisServerOptions
{
    /// <summary>Port, or 0 to find a free one.</summary>
    public int Port { get; init; }

    /// <summary>Data folder; null makes one that goes away with the server.</summary>
    public string? Directory { get; init; }

    /// <summary>Keeps an append-only file in the folder, so that data lives through a kill and a restart.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>With <see cref="AppendOnly"/>: <c>always</c>, <c>everysec</c> or <c>no</c>.</summary>
    public string AppendFsync { get; init; } = "everysec";

    /// <summary>Password of the default user.</summary>
    public string? Password { get; init; }

    /// <summary>Rules of a further user, as <c>ACL SETUSER</c> takes them: <c>alice on >secret ~* +@all</c>.</summary>
    public string? AclUser { get; init; }

    /// <summary>Serves TLS, and only TLS, with a certificate for <c>localhost</c> made for this server.</summary>
    public bool Tls { get; init; }

    /// <summary>Variables of its environment; null unsets one.</summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; init; }

    /// <summary>More arguments, each as on a command line: <c>["--maxmemory", "10mb"]</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
