namespace OrleansCache.Tests;

/// <summary>What survives a crash: the record and its version. Writes can be held, lost, or applied without an answer.</summary>
internal sealed class LimiterStore
{
    private long _version;

    public LimiterState? Record { get; private set; }

    public int Writes { get; private set; }

    /// <summary>What the next writes meet; asked once a write.</summary>
    public Func<StoreFault> Fault { get; set; } = () => StoreFault.None;

    /// <summary>Writes that were not answered yet.</summary>
    public List<TaskCompletionSource> Held { get; } = [];

    public IPersistentState<LimiterState> Open() => new View(this);

    private sealed class View(LimiterStore store) : IPersistentState<LimiterState>
    {
        private long _version = store._version;

        public LimiterState State { get; set; } = store.Record ?? new();

        public string? Etag => _version.ToString(System.Globalization.CultureInfo.InvariantCulture);

        public bool RecordExists => store.Record is not null;

        public Task ClearStateAsync() => Task.CompletedTask;

        public Task ReadStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync()
        {
            store.Writes++;
            var fault = store.Fault();
            if (_version != store._version)
                return Task.FromException(new InconsistentStateException("Somebody else wrote."));
            if (fault == StoreFault.Lost)
                return Task.FromException(new StoreUnavailableException("The store is away.", maybeApplied: true));
            if (fault == StoreFault.HeldBeforeApplied)
                return Answer(held: true, applies: true);
            (store.Record, store._version) = (State, store._version + 1);
            if (fault == StoreFault.AppliedWithoutAnswer)
                return Task.FromException(new StoreUnavailableException("The store is away.", maybeApplied: true));
            _version = store._version;
            return Answer(held: fault == StoreFault.Held, applies: false);
        }

        private async Task Answer(bool held, bool applies)
        {
            var state = State;
            if (held)
            {
                var answer = new TaskCompletionSource();
                store.Held.Add(answer);
                await answer.Task;
            }

            if (applies)
                (store.Record, _version, store._version) = (state, store._version + 1, store._version + 1);
        }
    }
}

internal enum StoreFault
{
    None,
    Lost,
    AppliedWithoutAnswer,

    /// <summary>Applied at once, answered when the test says so.</summary>
    Held,

    /// <summary>Applied and answered when the test says so.</summary>
    HeldBeforeApplied,
}
