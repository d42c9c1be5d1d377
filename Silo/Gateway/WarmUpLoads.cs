namespace OrleansCache;

/// <summary>Loads of keys that this silo owns, as callers make them: gateway, owner, origin, store, answer. The origin is the silo's own health.</summary>
/// <remarks>What they leave in memory leaves at once, what the store has of them is gone after a second, and no count has them.</remarks>
internal sealed class WarmUpLoads(SiloSettings settings, LiveConfiguration configuration, OriginCaller origins, Catalog catalog, IOwnership ownership, EntryMemory memory, TimeProvider clock)
{
    /// <summary>So often that the path of a load is compiled anew.</summary>
    private const int Loads = 40;
    private const int ByClient = 10;
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
        var integrations = configuration.Current.Integrations.Keys;
        foreach (var integration in integrations)
        {
            origins.StatusOf(integration);      // makes what calls it
            await catalog.DescribeAsync(integration, cancellationToken);
        }

        try
        {
            using (configuration.Lend(WarmUpIntegration.Of(self, Origin), WarmUpIntegration.Policy))
            {
                var mine = Mine().ToArray();
                foreach (var (round, hash) in mine.Take(Loads))
                {
                    loaded.Add(hash);
                    using var answer = await http.GetAsync(PathOf(round), cancellationToken);
                    answer.EnsureSuccessStatusCode();
                }

                var rest = mine.Skip(Loads).ToArray();
                if (!EngineHosting.IsClientLight || settings.Silo.Silo.Tls.CertificateFile is not null)       // a silo need not trust its own certificate
                    return loaded.Count;
                loaded.UnionWith(rest.Select(static one => one.Hash));
                await WarmUpClient.RunAsync(settings.Silo, integrations, rest.Select(static one => one.Round), cancellationToken);
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
        .Take(Loads + ByClient);

    private async Task ForgetAsync(HashSet<ulong> loaded, CancellationToken cancellationToken)
    {
        var entries = memory.Where(loaded.Contains);
        entries.ForEach(static entry => entry.AskToLeave());
        while (entries.Exists(static entry => entry.IsIn) && !cancellationToken.IsCancellationRequested)
            await Task.Delay(Poll, clock, CancellationToken.None);
    }
}
