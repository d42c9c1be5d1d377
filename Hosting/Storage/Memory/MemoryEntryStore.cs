namespace OrleansCache;

/// <summary>Entries that live as long as the process. Never unreachable.</summary>
internal sealed class MemoryEntryStore(IClusterClock clock, StorageMetrics metrics) : IEntryStore
{
    private const int ShardCount = 64;
    private const long ClaimSpan = 60_000_000;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];

    public string Kind => "memory";

    public bool IsReachable => true;

    /// <summary>Records and claims held, expired ones included until they are swept.</summary>
    public int Count => _shards.Sum(shard => shard.Count);

    public ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        var result = ShardOf(grainKey).Read(grainKey, epoch, clock.Now);
        metrics.End("read", result switch { { RefusedByEpoch: > 0 } => "refused", { Record: null } => "absent", _ => "found" }, begun);
        return new(result);
    }

    public ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        var result = ShardOf(grainKey).Write(grainKey, record, clock.Now);
        metrics.End("write", result.Written ? "written" : "refused", begun);
        return new(result);
    }

    private Shard ShardOf(string key) => _shards[(uint)key.GetHashCode(StringComparison.Ordinal) % ShardCount];

    private sealed class Shard
    {
        private const int SweepEvery = 4096;
        private readonly Lock _lock = new();
        private readonly Dictionary<string, EntryRecord> _records = new(StringComparer.Ordinal);
        private int _untilSweep = SweepEvery;

        public int Count
        {
            get
            {
                lock (_lock)
                    return _records.Count;
            }
        }

        public StoreReadResult Read(string key, long epoch, long now)
        {
            lock (_lock)
            {
                var stored = Find(key, now);
                if (stored is null)
                {
                    Put(key, new() { Kind = RecordKind.Claim, Epoch = epoch, ExpiresAt = now + ClaimSpan }, now);
                    return default;
                }
                if (stored.Epoch > epoch)
                    return new(null, stored.Epoch);
                if (stored.Epoch < epoch)
                    _records[key] = stored = stored with { Epoch = epoch, ExpiresAt = stored.Kind == RecordKind.Claim ? now + ClaimSpan : stored.ExpiresAt };
                return new(stored.Kind == RecordKind.Claim ? null : stored, 0);
            }
        }

        public StoreWriteResult Write(string key, EntryRecord record, long now)
        {
            lock (_lock)
            {
                var stored = Find(key, now);
                var verdict = WriteRule.Judge(
                    stored is null ? null : new(stored.Epoch, stored.OperationId, stored.Version),
                    new(record.Epoch, record.OperationId, record.Version));
                if (verdict == WriteVerdict.Write)
                    Put(key, record, now);
                return new(
                    verdict is WriteVerdict.Write or WriteVerdict.Repeated,
                    verdict == WriteVerdict.RefuseByEpoch ? stored!.Epoch : 0);
            }
        }

        private EntryRecord? Find(string key, long now)
            => _records.TryGetValue(key, out var stored) && stored.ExpiresAt > now ? stored : null;

        // Sweeps the shard once per as many insertions as it holds: constant work each.
        private void Put(string key, EntryRecord record, long now)
        {
            _records[key] = record;
            if (--_untilSweep > 0)
                return;
            foreach (var (old, stored) in _records)
            {
                if (stored.ExpiresAt <= now)
                    _records.Remove(old);
            }
            _untilSweep = Math.Max(SweepEvery, _records.Count);
        }
    }
}
