namespace OrleansCache;

/// <summary>One tag's raises that wait for quiet. Who asks holds the promise: a silo that dies loses nothing, for they ask the next.</summary>
[Reentrant, GrainType(OwnedGrains.Debounce)]
internal sealed class DebounceGrain(ITagLog log, IOwnership ownership, TimeProvider time) : Grain, IDebounceGrain
{
    private Burst? _burst;

    public async ValueTask<DebounceReply> RaiseAsync(DebounceRequest request)
    {
        var now = time.GetTimestamp();
        if (_burst is null || (_burst.IsOver && !_burst.Has(request.OperationId)))
        {
            _burst = new(now, time);
            _burst.Join(request, now);
            _ = EndAsync(_burst);
        }
        else if (!_burst.IsOver)
        {
            _burst.Join(request, now);
        }

        var raised = _burst.Raised;
        if (!await Waits.EndsAsync(raised, Slice.Of(time, request.WaitMilliseconds).Left, time, CancellationToken.None))
            return new() { View = ownership.View };
        try
        {
            await raised;
            return new() { IsRaised = true, View = ownership.View };
        }
        catch (StoreUnavailableException away)
        {
            throw new SiloUnavailableException(away.Message);       // asked again, it waits for quiet anew
        }
    }

    private async Task EndAsync(Burst burst)
    {
        while (burst.Left is { Ticks: > 0 } left)
            await Waits.EndsAsync(burst.Earlier, left, time, CancellationToken.None);
        burst.IsOver = true;        // who asks from here on asks for another raise: this one may be in the log already
        try
        {
            LateRaise.Refuse(ownership);        // who asked has asked another silo since
            await log.RaiseAsync([this.GetPrimaryKeyString()], CancellationToken.None);
            burst.End(null);
        }
#pragma warning disable CA1031 // whatever the log throws, those who wait must be told, and ask again
        catch (Exception e)
#pragma warning restore CA1031
        {
            burst.End(e);
            if (_burst == burst)
                _burst = null;
        }
    }

    /// <summary>Those who are served by one raise.</summary>
    private sealed class Burst(long began, TimeProvider time)
    {
        private readonly TaskCompletionSource _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<Guid> _operations = [];
        private readonly NextChange _earlier = new();
        private TimeSpan _due;
        private TimeSpan _longest = TimeSpan.MaxValue;

        /// <summary>Its raise has begun: nobody joins any more.</summary>
        public bool IsOver { get; set; }

        public Task Raised => _raised.Task;

        /// <summary>Ends when somebody who waits less long brings the raise forward.</summary>
        public Task Earlier => _earlier.Task;

        public TimeSpan Left => _due - time.GetElapsedTime(began);

        public bool Has(Guid operation) => _operations.Contains(operation);

        /// <summary>One who asks again moves nothing.</summary>
        public void Join(DebounceRequest request, long now)
        {
            if (!_operations.Add(request.OperationId))
                return;
            var before = _due;
            var elapsed = time.GetElapsedTime(began, now);
            var longest = TimeSpan.FromMilliseconds(request.LongestMilliseconds) + elapsed;
            _longest = longest < _longest ? longest : _longest;
            var quiet = elapsed + TimeSpan.FromMilliseconds(request.QuietMilliseconds);
            _due = quiet > _due ? quiet : _due;
            _due = _due < _longest ? _due : _longest;
            if (_due >= before)
                return;
            _earlier.Happened();
        }

        public void End(Exception? error)
        {
            if (error is null)
                _raised.SetResult();
            else
                _raised.SetException(error);
            _ = _raised.Task.Exception;     // observed: every one who asked may have left
        }
    }
}
