namespace OrleansCache.Cluster;

/// <summary>How a cluster of processes is started.</summary>
internal sealed record ClusterOptions
{
    public int Silos { get; init; } = 3;

    /// <summary>Of each silo, as <c>--OrleansCache:NAME=VALUE</c>.</summary>
    public string[] Settings { get; init; } = [];

    /// <summary>What the n-th silo's program finds in its environment, in addition.</summary>
    public Func<int, IReadOnlyDictionary<string, string?>> Environment { get; init; } = static _ => new Dictionary<string, string?>();

    /// <summary>Keeps its data over a restart, and throws none away.</summary>
    public RedisServerOptions Redis { get; init; } = new() { AppendOnly = true, Arguments = ["--maxmemory-policy", "noeviction"] };

    /// <summary>Gives each silo an address of its own; null for loopback.</summary>
    public TestNetwork? Network { get; init; }
}
