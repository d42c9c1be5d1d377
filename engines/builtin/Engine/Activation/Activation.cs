namespace OrleansCache.Engine;

/// <summary>One life of a grain: it is activated in its first turn, and gone after its last.</summary>
internal sealed class Activation(GrainClass type, string key) : TurnQueue, IGrainContext
{
    private enum Phase : byte { New, Activating, Valid, Deactivating, Gone }

    private Extras? _extras;
    private Phase _phase;

    public string Key { get; } = key;

    public GrainClass Type { get; } = type;

    /// <summary>The collector's tick at which it was last used.</summary>
    public int LastUsed { get; private set; } = type.Runtime.Collector.Now;

    public GrainId GrainId => GrainId.Create(Type.Type, Key);

    public object? GrainInstance { get; private set; }

    internal override EngineRuntime Runtime => Type.Runtime;

    internal override object Instance => GrainInstance!;

    private protected override bool Reentrant => Type.Info.Reentrant;

    private protected override bool Open => _phase == Phase.Valid;

    private protected override bool Gone => _phase == Phase.Gone;

    private Extras More => _extras ??= new();

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (this)
        {
            More.Reason ??= deactivationReason;
            if (_phase == Phase.Valid)
                Close();
        }
    }

    /// <summary>Deactivates if nobody used it since the given tick and nothing runs.</summary>
    public void CollectIfUnused(int since)
    {
        if (LastUsed - since > 0)
            return;
        lock (this)
        {
            if (_phase == Phase.Valid && UnderWay == 0 && LastUsed - since <= 0 && !(_extras?.KeepUntil > Runtime.Time.GetTimestamp()))
                Deactivate(new(DeactivationReasonCode.ActivationIdle, "Nobody called the grain for its collection age."));
        }
    }

    public void DelayDeactivation(TimeSpan delay)
    {
        lock (this)
            More.KeepUntil = delay <= TimeSpan.Zero ? 0 : delay >= TimeSpan.FromDays(365) ? long.MaxValue : Runtime.After(delay);
    }

    public IGrainTimer AddTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        CheckContext("RegisterGrainTimer");
        var timer = new GrainTimer(this, callback, options);
        timer.Change(options.DueTime, options.Period);
        lock (this)
            (More.Timers ??= []).Add(timer);
        return timer;
    }

    public void RemoveTimer(GrainTimer timer)
    {
        lock (this)
            _extras?.Timers?.Remove(timer);
    }

    /// <exception cref="InvalidOperationException">The caller is not in a turn of this grain.</exception>
    public void CheckContext(string what)
    {
        if (Current != this)
            throw new InvalidOperationException($"{what} was called outside the turns of {GrainId}: after ConfigureAwait(false), in Task.Run, or from another grain.");
    }

    public override string ToString() => GrainId.ToString();

    private protected override void Entering(Turn turn)
    {
        Touch(turn);
        if (_phase != Phase.New)
            return;
        _phase = Phase.Activating;
        EnqueueStep(() => _ = ActivateAsync());
    }

    private protected override void Left(Turn? turn)
    {
        Touch(turn);
        if (_phase == Phase.Deactivating && UnderWay == 0)
            Post(() => _ = FinishAsync());
    }

    /// <summary>Puts its collection off.</summary>
    private void Touch(Turn? turn) => LastUsed = turn?.KeepsAlive is true ? Type.Runtime.Collector.Now : LastUsed;

    private async Task ActivateAsync()
    {
        try
        {
            var (grain, states) = Type.Create(this);
            GrainInstance = grain;
            foreach (var state in states)
                await InTimeAsync(token => state.ReadStateAsync(token));
            if (grain is IGrainBase own)
                await InTimeAsync(own.OnActivateAsync);
        }
        catch (Exception error)
        {
            Type.Runtime.Log.ActivationFailed(error, Type.Info.Name);
            await EndAsync(error);
            return;
        }
        lock (this)
        {
            _phase = Phase.Valid;
            if (_extras?.Reason is not null)
                Close();
            else
                ReleaseHeld();
        }
    }

    /// <summary>With the lock held: no further turn starts.</summary>
    private void Close()
    {
        _phase = Phase.Deactivating;
        Left(turn: null);
    }

    private async Task FinishAsync()
    {
        try
        {
            foreach (var timer in _extras!.Timers?.ToArray() ?? [])
                timer.Dispose();
            if (GrainInstance is IGrainBase own)
                await InTimeAsync(token => own.OnDeactivateAsync(_extras.Reason!.Value, token));
        }
        catch (Exception error)
        {
            Type.Runtime.Log.DeactivationFailed(error, Type.Info.Name);
        }
        await EndAsync(failure: null);
    }

    /// <summary>The grain is no more; calls that had not begun go to its next life, or fail with what kept this one from beginning.</summary>
    private async Task EndAsync(Exception? failure)
    {
        Turn[] left;
        lock (this)
        {
            _phase = Phase.Gone;
            Type.Remove(this);
            left = NotBegun();
        }
        foreach (var turn in left)
            if (failure is not null)
                turn.Refuse(failure);
            else if (turn is GrainRequest)
                Type.Dispatch(Key, turn, inline: false);
        try
        {
            if (GrainInstance is IAsyncDisposable later)
                await later.DisposeAsync();
            else
                (GrainInstance as IDisposable)?.Dispose();
        }
        catch (Exception error)
        {
            Type.Runtime.Log.DeactivationFailed(error, Type.Info.Name);
        }
    }

    /// <summary>Runs a step of the grain's life, which may take as long as a call may.</summary>
    private async Task InTimeAsync(Func<CancellationToken, Task> step)
    {
        using var patience = new CancellationTokenSource();
        var task = step(patience.Token);
        if (task.IsCompletedSuccessfully)
            return;
        try
        {
            await task.WaitAsync(Type.Runtime.Limits.ResponseTimeout, Type.Runtime.Time);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync();
            throw;
        }
    }

    /// <summary>What few activations need.</summary>
    private sealed class Extras
    {
        public DeactivationReason? Reason;
        public long KeepUntil;
        public List<GrainTimer>? Timers;
    }
}
