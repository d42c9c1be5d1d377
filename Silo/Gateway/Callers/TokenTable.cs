namespace OrleansCache;

/// <summary>What credentials were exchanged for: once for all who ask at once, and again when its time is over.</summary>
internal sealed class TokenTable(TimeProvider clock)
{
    private readonly Dictionary<CredentialHash, Slot> _slots = [];
    private readonly Queue<(CredentialHash Key, Slot Slot)> _oldest = new();
    private readonly Lock _lock = new();

    public int Count
    {
        get
        {
            lock (_lock)
                return _slots.Count;
        }
    }

    /// <param name="key">Whose.</param>
    /// <param name="max">How many are kept.</param>
    /// <param name="exchange">Makes one, and says for how long from its beginning it is good; it never fails.</param>
    public Task<CallerPass> GetAsync(CredentialHash key, int max, Func<Task<(CallerPass Pass, TimeSpan GoodFor)>> exchange)
    {
        Slot slot;
        lock (_lock)
        {
            if (_slots.TryGetValue(key, out var known) && known.IsGood(clock))
                return known.Pass;
            _slots[key] = slot = new(clock.GetTimestamp());
            _oldest.Enqueue((key, slot));
            while (_slots.Count > max || _oldest.Count > 2 * max)
                Drop(_oldest.Dequeue());
        }

        _ = slot.RunAsync(exchange);
        return slot.Pass;
    }

    /// <summary>The next call exchanges again.</summary>
    public void Forget(CredentialHash key)
    {
        lock (_lock)
            _slots.Remove(key);
    }

    private void Drop((CredentialHash Key, Slot Slot) oldest)
    {
        if (_slots.TryGetValue(oldest.Key, out var slot) && ReferenceEquals(slot, oldest.Slot))
            _slots.Remove(oldest.Key);
    }

    private sealed class Slot(long began)
    {
        private readonly TaskCompletionSource<CallerPass> _pass = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TimeSpan _goodFor = TimeSpan.MaxValue;

        public Task<CallerPass> Pass => _pass.Task;

        public bool IsGood(TimeProvider clock) => !Pass.IsCompleted || clock.GetElapsedTime(began) < _goodFor;

        public async Task RunAsync(Func<Task<(CallerPass Pass, TimeSpan GoodFor)>> exchange)
        {
            (var pass, _goodFor) = await exchange();
            _pass.SetResult(pass with { Ends = (began, _goodFor) });
        }
    }
}
