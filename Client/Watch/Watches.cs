using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>What this process watches: one question is under way for each key or tag, however many watch it. Thread-safe.</summary>
internal sealed class Watches(OwnerCalls calls, TimeProvider clock)
{
    /// <summary>Nobody answered for long; the next try.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(bool IsTag, string Name), Watch> _watches = [];

    /// <summary>How many keys and tags are watched.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _watches.Count;
        }
    }

    public IAsyncEnumerable<CacheChange> OfKey(CacheKey key, long? known, CancellationToken ct) => OfAsync((false, key.GrainKey), known, ct);

    public IAsyncEnumerable<CacheChange> OfTag(string tag, long? known, CancellationToken ct) => OfAsync((true, tag), known, ct);

    private async IAsyncEnumerable<CacheChange> OfAsync((bool IsTag, string Name) what, long? known, [EnumeratorCancellation] CancellationToken ct)
    {
        var watch = Join(what);
        try
        {
            for (var told = known ?? WatchRequest.Unknown; ;)
            {
                var (version, changed) = watch.Now;
                if (version == WatchRequest.Unknown || version == told)
                    await changed.WaitAsync(ct).ConfigureAwait(false);
                else
                    yield return new(told = version);
            }
        }
        finally
        {
            Leave(what, watch);
        }
    }

    private Watch Join((bool IsTag, string Name) what)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(what, out var watch))
            {
                _watches.Add(what, watch = new());
                _ = RunAsync(what, watch);
            }

            watch.Watchers++;
            return watch;
        }
    }

    private void Leave((bool IsTag, string Name) what, Watch watch)
    {
        lock (_gate)
        {
            if (--watch.Watchers > 0)
                return;
            _watches.Remove(what);
        }

        watch.End.Cancel();
    }

    /// <summary>Asks for as long as anybody watches. A silo that is away is waited for: what changed meanwhile is told with its answer.</summary>
    private async Task RunAsync((bool IsTag, string Name) what, Watch watch)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        LoadScope.Leave();
        while (!watch.End.IsCancellationRequested)
        {
            try
            {
                watch.Tell((await AskAsync(what, new() { Known = watch.Now.Version, WaitMilliseconds = calls.SliceMilliseconds }, watch.End.Token).ConfigureAwait(false)).Version);
            }
#pragma warning disable CA1031 // Whatever it is, those who watch go on waiting, and it is asked again.
            catch (Exception) when (!watch.End.IsCancellationRequested)
#pragma warning restore CA1031
            {
                await Task.Delay(Pause, clock, watch.End.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                // The last one left.
            }
        }

        watch.End.Dispose();
    }

    private ValueTask<WatchReply> AskAsync((bool IsTag, string Name) what, WatchRequest request, CancellationToken ct) => what.IsTag
        ? calls.CallAsync<ITagGrain, (string Tag, WatchRequest Request), WatchReply>("0", (what.Name, request), static (log, s) => log.WatchAsync(s.Tag, s.Request), IsFinal, ct: ct)
        : calls.CallAsync<IEntryGrain, WatchRequest, WatchReply>(what.Name, request, static (entry, request) => entry.WatchAsync(request), IsFinal, ct: ct);

    private static bool IsFinal(WatchReply reply) => reply.Status == WatchStatus.News;

    /// <summary>The newest news alone: who is slow to take it keeps nothing waiting.</summary>
    private sealed class Watch
    {
        private readonly Lock _gate = new();
        private long _version = WatchRequest.Unknown;
        private readonly NextChange _changed = new();

        public int Watchers { get; set; }

        public CancellationTokenSource End { get; } = new();

        public (long Version, Task Changed) Now
        {
            get
            {
                lock (_gate)
                    return (_version, _changed.Task);
            }
        }

        public void Tell(long version)
        {
            lock (_gate)
            {
                _version = version;
                _changed.Happened();
            }
        }
    }
}
