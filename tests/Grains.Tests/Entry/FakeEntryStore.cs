namespace OrleansCache.Tests;

/// <summary>A store in memory that keeps the write rule, outlives crashes, and fails when told to.</summary>
internal sealed class FakeEntryStore : IEntryStore
{
    private readonly Dictionary<string, EntryRecord> _records = [];
    private TaskCompletionSource? _gate;

    public string Kind => "memory";
    public bool IsReachable { get; set; } = true;

    /// <summary>Set: the next operations fail before they reach the store.</summary>
    public bool IsDown { get; set; }

    /// <summary>Set: writes fail after they were applied.</summary>
    public bool LosesReplies { get; set; }

    /// <summary>Operations begun, those that failed included.</summary>
    public int Attempts { get; private set; }

    /// <summary>How often each key was read.</summary>
    public Dictionary<string, int> Reads { get; } = [];
    public List<EntryRecord> Writes { get; } = [];

    public EntryRecord? this[string key] => _records.GetValueOrDefault(key);

    /// <summary>Operations wait until <see cref="Open"/>.</summary>
    public void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        var gate = _gate;
        _gate = null;
        gate?.SetResult();
    }

    public void Put(string key, EntryRecord record) => _records[key] = record;

    public async ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken)
    {
        await PassAsync();
        lock (_records)
        {
            Reads[grainKey] = Reads.GetValueOrDefault(grainKey) + 1;
            var stored = _records.GetValueOrDefault(grainKey);
            if (stored is null)
            {
                _records[grainKey] = new() { Epoch = epoch };
                return default;
            }

            if (stored.Epoch > epoch)
                return new(null, stored.Epoch);
            _records[grainKey] = stored = stored with { Epoch = epoch };
            return new(stored.Kind == RecordKind.Claim ? null : stored, 0);
        }
    }

    public async ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken)
    {
        await PassAsync();
        lock (_records)
        {
            var stored = _records.GetValueOrDefault(grainKey);
            var verdict = WriteRule.Judge(
                stored is null ? null : new(stored.Epoch, stored.OperationId, stored.Version), new(record.Epoch, record.OperationId, record.Version));
            if (verdict == WriteVerdict.Write)
            {
                _records[grainKey] = record;
                Writes.Add(record);
            }

            return LosesReplies
                ? throw new StoreUnavailableException("The reply was lost.", maybeApplied: true)
                : new(verdict is WriteVerdict.Write or WriteVerdict.Repeated, verdict == WriteVerdict.RefuseByEpoch ? stored!.Epoch : 0);
        }
    }

    private async ValueTask PassAsync()
    {
        Attempts++;
        if (_gate is { } gate)
            await gate.Task;
        if (IsDown)
            throw new StoreUnavailableException("The store is down.", maybeApplied: false);
    }
}
