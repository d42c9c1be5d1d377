namespace OrleansCache.Cluster;

/// <summary>Where a silo runs and with what around it: on loopback, or in a network that can be cut.</summary>
internal sealed record SiloPlace
{
    /// <summary>Of the program, in addition.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public TestNetwork? Network { get; init; }

    /// <summary>In that network.</summary>
    public NetworkPlace? Inside { get; init; }

    public string Address => Inside?.Address ?? "127.0.0.1";

    public IEnumerable<string> Settings => Inside is null ? [] :
        [$"--OrleansCache:Silo:Address={Address}", $"--OrleansCache:Http:Address={Address}", "--OrleansCache:Http:AllowAnonymous=true"];

    public ChildProcess Start(string program, IEnumerable<string> arguments)
    {
        var environment = new Dictionary<string, string?>(Environment) { ["ASPNETCORE_ENVIRONMENT"] = "Production" };
        Soak.MakeShortLived(environment);
        return Inside is { } inside ? inside.Start(program, arguments, environment) : ChildProcess.Start(program, arguments, environment);
    }
}
