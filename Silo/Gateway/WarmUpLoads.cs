namespace OrleansCache;

/// <summary>Loads of keys that this silo owns, as callers make them: gateway, owner, origin, store, answer. The origin is the silo's own health.</summary>
/// <remarks>What they leave in memory leaves at once, what the store has of them is gone after a second, and no count has them.</remarks>
internal sealed class WarmUpLoads(LiveConfiguration configuration, OriginCaller origins, Catalog catalog, IOwnership ownership, EntryMemory memory, TimeProvider clock)
{
    /// <summary>So often that the path of a load is compiled anew.</summary>
    private const int Loads = 40;
    private const string Origin = "healthz/live";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    public static CallTarget TargetOf(string round) =>
        CallBinding.Bind(WarmUpIntegration.Description, WarmUpIntegration.Method, new Dictionary<string, string?>(StringComparer.Ordinal) { [WarmUpIntegration.Parameter] = round });

    public static Uri PathOf(string round) => new($"{WarmUpIntegration.Name}/{WarmUpIntegration.Method}?{WarmUpIntegration.Parameter}={round}", UriKind.Relative);

    /// <param name="self">Where this silo listens.</param>
    /// <param name="cancellationToken">Ends them.</param>
    /// <returns>How many there were: fewer than usual where the silo has few keys, or none yet.</returns>
    public async Task<int> RunAsync(Uri self, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = self };
        var loaded = new HashSet<ulong>();
        foreach (var integration in configuration.Current.Integrations.Keys)
        {
            origins.StatusOf(integration);      // makes what calls it
            await catalog.DescribeAsync(integration, cancellationToken);
        }

        try
        {
            using (configuration.Lend(WarmUpIntegration.Of(self, Origin), WarmUpIntegration.Policy))
            {
                foreach (var (round, hash) in Mine())
                {
                    loaded.Add(hash);
                    using var answer = await http.GetAsync(PathOf(round), cancellationToken);
                    answer.EnsureSuccessStatusCode();
                }
            }
        }
        finally
        {
            await ForgetAsync(loaded, cancellationToken);
        }

        return loaded.Count;
    }

    /// <summary>Rounds whose keys are this silo's to serve.</summary>
    private IEnumerable<(string Round, ulong Hash)> Mine() => Enumerable.Range(0, 100 * Loads)
        .Select(static n => $"load{n}")
        .Select(static round => (round, RoutingHash.Of(TargetOf(round).Key.GrainKey)))
        .Where(one => ownership.Owns(one.Item2))
        .Take(Loads);

    private async Task ForgetAsync(HashSet<ulong> loaded, CancellationToken cancellationToken)
    {
        var entries = memory.Where(loaded.Contains);
        entries.ForEach(static entry => entry.AskToLeave());
        while (entries.Exists(static entry => entry.IsIn) && !cancellationToken.IsCancellationRequested)
            await Task.Delay(Poll, clock, CancellationToken.None);
    }
}
