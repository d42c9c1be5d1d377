namespace OrleansCache;

/// <summary>Loads of keys that this silo owns, as callers make them: gateway, owner, origin, store, answer. The origin is the silo's own health.</summary>
/// <remarks>What they leave in memory leaves at once, what a Redis has of them is gone after a second, and no count has them.</remarks>
internal sealed class WarmUpLoads(SiloSettings settings, LiveConfiguration configuration, OriginCaller origins, Catalog catalog, IOwnership ownership, EntryMemory memory, TimeProvider clock)
{
    /// <summary>So often that the path of a load is compiled anew.</summary>
    private const int Loads = 40;
    private const int ByClient = 20;
    private const string Origin = "healthz/live";

    /// <summary>After this no other begins, for what comes after them has its part too.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>For a silo among others to get its keys.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    /// <summary>For the entries to leave: one whose value is on its way to the store stays until it is there.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);
    private readonly HashSet<ulong> _loaded = [];

    /// <summary>How many there were: fewer than usual where the silo has few keys, or none yet.</summary>
    public int Count { get; private set; }

    public static CallTarget TargetOf(string round) =>
        CallBinding.Bind(WarmUpIntegration.Description, WarmUpIntegration.Method, WarmUpIntegration.ArgumentsOf(round));

    public static Uri PathOf(string round) => new($"{WarmUpIntegration.Name}/{WarmUpIntegration.Method}?{WarmUpIntegration.Parameter}={round}", UriKind.Relative);

    /// <param name="self">Where this silo listens.</param>
    /// <param name="cancellationToken">Ends them.</param>
    public async Task RunAsync(Uri self, CancellationToken cancellationToken)
    {
        foreach (var integration in configuration.Current.Integrations.Keys)
        {
            origins.StatusOf(integration);      // makes what calls it
            await catalog.DescribeAsync(integration, cancellationToken);
        }

        try
        {
            using (configuration.Lend(WarmUpIntegration.Of(self, Origin), WarmUpIntegration.Policy))
                await LoadAsync(self, cancellationToken);
        }
        finally
        {
            origins.StatusOf(WarmUpIntegration.Name);       // forgets what called it
            await ForgetAsync();
        }
    }

    private async Task LoadAsync(Uri self, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = self };
        var mine = new Queue<(string Round, ulong Hash)>(Mine());
        if (mine.TryPeek(out var first))
            await ownership.WaitToOwnAsync(first.Hash, Patience, cancellationToken);
        while (mine.Count > ByClient && clock.GetElapsedTime(began) < Limit)
        {
            var (round, hash) = mine.Dequeue();
            if (!ownership.Owns(hash))
                continue;
            _loaded.Add(hash);
            using var answer = await http.GetAsync(PathOf(round), cancellationToken);
            Count += answer.IsSuccessStatusCode ? 1 : 0;        // its key may just have become another's
        }

        // A silo need not trust its own certificate.
        if (!EngineHosting.IsClientLight || settings.Silo.Silo.Tls.CertificateFile is not null || Count == 0 || clock.GetElapsedTime(began) >= Limit)
            return;
        _loaded.UnionWith(mine.Select(static one => one.Hash));
        Count += await WarmUpClient.RunAsync(settings.Silo, configuration.Current.Integrations.Keys.First(), mine.Select(static one => one.Round), cancellationToken);
    }

    /// <summary>Rounds whose keys the view gives this silo.</summary>
    private IEnumerable<(string Round, ulong Hash)> Mine() => Enumerable.Range(0, 100 * Loads)
        .Select(static n => $"load{n}")
        .Select(static round => (round, RoutingHash.Of(TargetOf(round).Key.GrainKey)))
        .Where(one => ownership.IsPlacedHere(one.Item2))
        .Take(Loads + ByClient);

    private async Task ForgetAsync()
    {
        var entries = memory.Where(_loaded.Contains);
        for (var began = clock.GetTimestamp(); entries.Exists(static entry => entry.IsIn) && clock.GetElapsedTime(began) < LeaveLimit; await Task.Delay(Poll, clock))
        {
            foreach (var entry in entries.Where(static entry => entry.IsIn))
                entry.AskToLeave();
        }
    }
}
