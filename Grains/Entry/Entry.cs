namespace OrleansCache;

/// <summary>One key's owner in memory: carries out what the rules decide. Not thread-safe: for the turns of one grain.</summary>
internal sealed partial class Entry : EntryNode
{
    private const long NoView = long.MinValue;
    private readonly IEntryHost _host;
    private readonly EntryServices _services;
    private readonly string _key;
    private readonly ulong _hash;
    private readonly TaskScheduler _turns;
    private RegionPolicy _policy;
    private int _policyNumber;
    private EntryReason _reason;
    private bool _isDisowned;
    private bool _isRefused;
    private bool _isGone;
    private long _view;
    private readonly long _epoch;
    private long _beginning;
    private EntryState _state;
    private EntryTasks? _tasks;

    /// <summary>Must be made in the first of the turns that it will be used in.</summary>
    public Entry(IEntryHost host, EntryServices services, string key)
    {
        (_host, _services, _key, _hash) = (host, services, key, RoutingHash.Of(key));
        _turns = TaskScheduler.Current;
        _policyNumber = services.Policies.Number;
        _policy = services.Policies.For(CacheKey.RegionOf(key));
        _view = NoView;
        (_epoch, _beginning) = (services.Ownership.EpochOf(_hash), services.Ownership.Placement.View.Beginning);
        Bytes = services.Memory.BytesOf(key, valueBytes: 0);
        if (services.Ownership.IsPlacedHere(_hash))
            services.Memory.Place(this, _policy);       // who came to the wrong silo shall crowd nobody out
    }

    private EntryTasks Tasks => _tasks ??= new();
    private bool IsStrict => _policy.Coherence == Coherence.Strict;
    private bool IsProven => !IsStrict || (_services.Ownership.FenceHolds && AreTagsProven);

    /// <summary>No raise that this silo does not know can have hit the value.</summary>
    private bool AreTagsProven => _state.Content is not { TagHashes.Length: > 0 } || _services.Tags.IsProven;

    /// <summary>How far the tag log was known when a call came; not at all where that proves nothing.</summary>
    private (long Head, long Generation) Arrival => !IsStrict || _services.Tags.IsProven ? (_services.Tags.Head, _services.Tags.Generation) : (-1, 0);

    /// <summary>A lapsed fence comes back while the store answers: who needs it is told to ask again, and so waits in line.</summary>
    private bool IsProofComing => _services.Store.IsReachable;
    private bool IsDegraded => !_services.Ownership.FenceHolds || !_services.Store.IsReachable;
    private long Now => _services.Clock.Now;

    private bool TagsGood => _state.Content is not { TagHashes.Length: > 0 } content
        || _services.Tags.IsGood(content.TagHashes, content.Value.Born, content.LogGeneration);

    /// <summary>
    /// True when policy and view are those of the last call: the common case, checked on every read, after the fence (see
    /// <see cref="IOwnership"/>).
    /// </summary>
    private bool IsUpToDate => _policyNumber == _services.Policies.Number && _view == _services.Ownership.View && !_isDisowned;

    public async ValueTask<EntryExplanation> ExplainAsync(CancellationToken cancellationToken)
    {
        if (await OwnsAsync(EntryLimits.StorePatience, cancellationToken) && _state is { Content: null, Stored: StoreKnowledge.Unread })
            await ReadStoreAsync(EntryLimits.StorePatience, cancellationToken);
        var now = Now;
        var freshness = ReadRules.Judge(_state, now, TagsGood);
        var isLoading = _state.Work?.Load is { } load && load.IsAlive(now);
        var content = freshness == Freshness.Absent ? null : _state.Content;
        var failure = _state.Work?.Failure;
        return new()
        {
            State = freshness switch
            {
                Freshness.Fresh => "fresh",
                Freshness.Stale => "stale",
                _ => isLoading ? "loading" : "absent",
            },
            Version = content?.Version ?? 0,
            LastRetrieved = content?.Value.LastRetrieved ?? 0,
            LastModified = content?.Value.LastModified ?? 0,
            FreshUntil = content is null ? 0 : _state.FreshUntil,
            StaleUntil = content is null ? 0 : _state.StaleUntil,
            Reason = _reason == EntryReason.Unasked ? _reason.Sentence() : $"Last answer: {_reason.Sentence()}",
            LastError = failure is null ? null : failure.Problem.Message ?? failure.Problem.Detail,
            NextTry = failure is not null && now < failure.NextTry ? failure.NextTry : 0,
            Integration = _policy.Integration,
            Breaker = _policy.Integration is { } integration ? _services.Origin.DescribeBreaker(integration) : null,
            Owner = _services.Ownership.Self,
            View = _services.Ownership.View,
            Tags = content?.Tags ?? [],
            Degraded = IsDegraded,
            IsRefusal = _isDisowned,
            OriginVersion = content?.OriginVersion,
        };
    }

    /// <summary>Gives up what runs and brings the store what only memory has.</summary>
    public async Task DeactivateAsync(CancellationToken cancellationToken)
    {
        GiveUpLoads();
        if (_tasks?.Pumping is { } pumping)
            await Waits.EndsAsync(pumping, EntryLimits.Slice, _services.Time, cancellationToken);
        if (MayFlush && !_isRefused)
            await Waits.EndsAsync(FlushAsync(), EntryLimits.Slice, _services.Time, cancellationToken);
        _isGone = true;
        if (MayFlush && _policy.Durability != Durability.None && !_isRefused)
            _services.Log.LostOnLeaving(_hash);
        _services.Memory.Remove(this);
    }

    public override void AskToLeave() =>
        _ = Task.Factory.StartNew(static entry => ((Entry)entry!).LeaveIfIdleAsync(), this, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    public override ulong KeyHash => _hash;

    public override Task LetGoAsync() =>
        Task.Factory.StartNew(static entry => ((Entry)entry!).LetGoInTurnAsync(), this, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    private async Task LetGoInTurnAsync()
    {
        CatchUp();
        if (_isDisowned && !_isRefused && !_isGone)
            await FlushAsync();
    }

    private async Task LeaveIfIdleAsync()
    {
        if (_isGone)
            return;
        if (IsBusy)
        {
            _services.Memory.Readmit(this);
            return;
        }

        if (_state.Unflushed)
            await FlushAsync();
        if (IsBusy)
            _services.Memory.Readmit(this);
        else
            _host.Leave();
    }

    private bool IsBusy => !_state.IsIdle || _tasks is { Waiters: > 0 } or { Reading: not null } or { Writer: not null };

    /// <summary>Takes up a changed policy or view. An activation that lost its key, if only for one view, ends.</summary>
    private void CatchUp()
    {
        if (_isDisowned || IsUpToDate)
            return;
        if (_policyNumber != _services.Policies.Number)
        {
            _policyNumber = _services.Policies.Number;
            var policy = _services.Policies.For(_policy.Region);
            if (policy.Durability != _policy.Durability)
                _state = _state with { Stored = StoreKnowledge.Unread };
            _policy = policy;
            _services.Memory.Place(this, policy);
        }

        var view = _services.Ownership.View;
        if (_view == view)
            return;
        if (!_services.Ownership.IsPlacedHere(_hash) || _services.Ownership.EpochOf(_hash) != _epoch)
            Disown();
        else if (_services.Ownership.Owns(_hash))
            _view = view;
        if (!_isDisowned && _services.Ownership.Placement.View.Beginning is var beginning && beginning != _beginning)
            BeginAnew(beginning);
    }

    /// <summary>The store may have lost what it had: it is read before the next change, and gets again what only memory has.</summary>
    private void BeginAnew(long beginning)
    {
        _beginning = beginning;
        if (_policy.Durability == Durability.None)
            return;
        _state = _state with { Stored = StoreKnowledge.Unread, Unflushed = _state.Content is not null };
        Settle();
    }

    /// <summary>
    /// Takes up what changed, and waits while the key's former owner has not let it go: until then nothing may be read or written, the
    /// store included. False when that is not so in time; then <see cref="_isDisowned"/> says whether the key went elsewhere.
    /// </summary>
    private async ValueTask<bool> OwnsAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        CatchUp();
        if (IsUpToDate)
            return true;
        if (!_isDisowned && !_isGone)
        {
            await _services.Ownership.WaitToOwnAsync(_hash, limit, cancellationToken);
            CatchUp();
        }
        return IsUpToDate;
    }

    /// <summary>Waits for the fence, and for the tag log where tags count.</summary>
    private async ValueTask<bool> ProveAsync(bool tagged, TimeSpan limit, CancellationToken cancellationToken)
        => (_services.Ownership.FenceHolds || await _services.Ownership.WaitForFenceAsync(limit, cancellationToken))
            && (!tagged || _services.Tags.IsProven || await _services.Tags.ProveAsync(limit, cancellationToken));

    /// <summary>The store knows a newer owner. Without that, one who lost the key may still bring the store what it has: its epoch keeps order.</summary>
    private void Refused()
    {
        _isRefused = true;
        Disown();
    }

    /// <summary>
    /// This activation ends, and its silo has the key all the same, as after a beginning, which ends those of all keys at once: who asks again
    /// finds the next one here. A store that knows a newer owner is believed.
    /// </summary>
    private bool IsReplacedHere => _isDisowned && !_isRefused && _services.Ownership.IsPlacedHere(_hash);

    private void Disown()
    {
        if (_isDisowned)
            return;
        _isDisowned = true;
        _services.Log.Disowned(_hash);
        GiveUpLoads();
        _host.Leave();
    }

    /// <summary>After every step: the memory bound, the flush, and what need not be kept any more.</summary>
    private void Settle()
    {
        KeepPrevious();
        _services.Memory.Resize(this, _services.Memory.BytesOf(_key, ((_state.Content?.Value ?? _shown)?.Bytes.Length ?? 0) + (_previous?.Bytes.Length ?? 0)));
        if (_state.Unflushed && _policy.Durability != Durability.None && _tasks is not { FlushScheduled: true } and not { Writer: not null } && !_isGone)
            _ = FlushSoonAsync();
        PlanEagerly();
        if (_policy.Durability == Durability.None)
            _host.Stay(_state.Content is null ? TimeSpan.Zero : EntryLifetimes.ToSpan(_state.StaleUntil - Now));      // memory is all there is
        _tasks?.Step();
        if (_tasks is { IsIdle: true })
            _tasks = null;
    }
}
