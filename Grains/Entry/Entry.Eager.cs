namespace OrleansCache;

/// <summary>Loads with nobody asking, when the silo says that it is this key's turn.</summary>
internal sealed partial class Entry
{
    /// <summary>True once the silo has this key in its line.</summary>
    private bool _isPlanned;

    /// <summary>When a period was counted last that nobody read in.</summary>
    private long _countedAt;

    public async ValueTask<EagerReply> RefreshEagerlyAsync()
    {
        var slice = new Slice(_services.Time, EntryLimits.Slice);
        if (await NotReadyAsync(LoadMode.Declared, slice, CancellationToken.None) is { } refusal)
            return refusal.Status == ReadStatus.NotOwner ? Eager(EagerStatus.NotOwner) : EagerIn(EntryLimits.EagerPause);

        var now = Now;
        if (_policy.Strategy != Strategy.Eager || ReadRules.Judge(_state, now, TagsGood) == Freshness.Absent)
            return Over();

        _isPlanned = true;
        if (now >= _state.FreshUntil && !ReadRules.IsBackingOff(_state, now))
        {
            if (Joinable() is not { } flight)
            {
                if (!CountPeriod(now))
                    return Over();
                flight = BeginDeclared(new() { OperationId = Guid.NewGuid() }, background: true);
            }

            if (!await Waits.EndsAsync(flight.Done, slice.Left, _services.Time, CancellationToken.None))
                return EagerIn(TimeSpan.Zero);
        }

        now = Now;
        var due = Math.Max(_state.FreshUntil, _state.Work?.Failure?.NextTry ?? 0);
        return due > now ? EagerIn(EntryLifetimes.ToSpan(due - now)) : EagerIn(EntryLimits.EagerPause);     // its result was not kept
    }

    /// <summary>False when nobody read for too many. A period ends when its refresh is due; while refreshes fail, by the clock.</summary>
    private bool CountPeriod(long now)
    {
        if (_state.Content!.Value.LastRetrieved < _countedAt && now - _countedAt < EntryLifetimes.FromSpan(_policy.FreshFor ?? default))
            return true;
        if (_state.Unread >= _policy.UnreadPeriods)
            return false;
        (_state, _countedAt) = (_state with { Unread = _state.Unread + 1 }, now);
        return true;
    }

    /// <summary>A reader counts, and brings back a key whose turns were over.</summary>
    private void ReadEagerly()
    {
        if (_state.Unread > 0)
            _state = _state with { Unread = 0 };
        PlanEagerly();
    }

    private void PlanEagerly()
    {
        if (_isPlanned || _policy.Strategy != Strategy.Eager || _state.Content is null || _isDisowned || _isGone || _state.Unread >= _policy.UnreadPeriods)
            return;
        _isPlanned = true;
        _services.Eager?.Plan(_policy.Integration!, _key, EntryLifetimes.ToSpan(_state.FreshUntil - Now));
    }

    private EagerReply Over()
    {
        _isPlanned = false;
        return Eager(EagerStatus.Over);
    }

    private EagerReply Eager(EagerStatus status) => new() { Status = status, View = _services.Ownership.View };

    private EagerReply EagerIn(TimeSpan time) => Eager(EagerStatus.Due) with { DueMilliseconds = (long)Math.Ceiling(time.TotalMilliseconds) };
}
