using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The right to serve by a lease in a shared store, renewed each second, in a view of all who have one.</summary>
internal sealed class LeasedOwnership : IOwnership, IAsyncDisposable
{
    /// <summary>How long a lease is good for.</summary>
    public static readonly TimeSpan DefaultSpan = TimeSpan.FromSeconds(3);

    /// <summary>How long the others are made to wait for what must be flushed or handed over.</summary>
    public static readonly TimeSpan SealSpan = TimeSpan.FromSeconds(2);

    /// <summary>How long a stop waits for the others to take over.</summary>
    public static readonly TimeSpan LeaveSpan = TimeSpan.FromSeconds(4);

    /// <summary>How long a start asks a store that does not answer.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(1.5);
    private const long LookWhenAway = 200;
    private const long LookSoon = 20;

    private readonly IOwnershipStore _store;
    private readonly SampledClusterClock _clusterClock;
    private readonly CoarseClock _coarse;
    private readonly TimeProvider _time;
    private readonly string _clusterId;
    private readonly ILogger<LeasedOwnership> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _changing = new();
    private readonly List<ISealWork> _sealWork = [];
    private readonly Guid _incarnation;
    private OwnershipState _state;
    private long _seen;
    private long _hinted;
    private long _soon = LookSoon;
    private readonly NextChange _changed = new();
    private TaskCompletionSource _wake = NewWake();
    private Task? _starting;
    private Task _running = Task.CompletedTask;
    private Task _sealing = Task.CompletedTask;
    private IAsyncDisposable? _listening;
    private bool _isUnreachable;
    private int _isDisposed;

    /// <param name="self">This silo's name.</param>
    /// <param name="clusterId">For messages.</param>
    /// <param name="dialect">See <see cref="SiloMember.Dialect"/>.</param>
    /// <param name="store">Shared by all who serve the cluster.</param>
    /// <param name="clusterClock">Gets a sample with each renewal.</param>
    /// <param name="coarse">Judges the fence.</param>
    /// <param name="time">Paces the renewals.</param>
    /// <param name="logger">For what people should know.</param>
    public LeasedOwnership(
        string self, string clusterId, string dialect, IOwnershipStore store, SampledClusterClock clusterClock, CoarseClock coarse, TimeProvider time,
        ILogger<LeasedOwnership> logger)
    {
        (_store, _clusterClock, _coarse, _time, _clusterId, _logger) = (store, clusterClock, coarse, time, clusterId, logger);
        _incarnation = Guid.NewGuid();
        _state = new(new(_incarnation, self, Environment.ProcessId, Environment.MachineName, Dialect: dialect), (long)DefaultSpan.TotalMilliseconds);
    }

    /// <summary>Raised when this silo has no place in the cluster any more, as when another joined at its address; it has let its keys go, and should end.</summary>
    public event Action<StartRefusedException>? Refused;

    public event Action? Changed;

    public string Self => State.Self.Name;

    public Guid Incarnation => _incarnation;

    public long View => State.View.Number;

    public Placement Placement => State.Placement;

    public bool FenceHolds => State.FenceHolds(_coarse.Milliseconds);

    private OwnershipState State => Volatile.Read(ref _state);

    public bool IsPlacedHere(ulong keyHash) => State.IsPlacedHere(keyHash);

    public bool Owns(ulong keyHash) => State.Owns(keyHash);

    public long EpochOf(ulong keyHash) => State.EpochOf(keyHash);

    public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken)
        => FenceHolds ? new(true) : WaitAsync(static (ownership, _) => ownership.FenceHolds, static (_, _) => true, 0, limit, cancellationToken);

    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => Owns(keyHash) || !IsPlacedHere(keyHash)
        ? new(Owns(keyHash))
        : WaitAsync(static (ownership, key) => ownership.Owns(key), static (ownership, key) => ownership.IsPlacedHere(key), keyHash, limit, cancellationToken);

    public void Hint(long view)
    {
        if (view <= View || Highest.Raise(ref _hinted, view) >= view)
            return;
        Wake();
    }

    /// <summary>A stored record has a view number beyond this silo's: if nobody else published it, views were lost.</summary>
    public void Saw(long view)
    {
        if (Highest.Raise(ref _seen, view) < view && view > View)
            Wake();
    }

    /// <summary>To be done whenever keys move away. Before the start.</summary>
    public void Add(ISealWork work) => _sealWork.Add(work);

    /// <summary>Joins the cluster, or begins it; goes on in the background. Once, however often it is called: a token ends the wait alone.</summary>
    /// <exception cref="StartRefusedException">The store does not answer, or silos serve the cluster with which this one may not.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_changing)
            _starting ??= BeginAsync(_stopping.Token);
        return _starting.WaitAsync(cancellationToken);
    }

    private Task Starting()
    {
        lock (_changing)
            return _starting ?? Task.CompletedTask;
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var began = _time.GetTimestamp();
        try
        {
            while (!await TryJoinAsync(began, cancellationToken).ConfigureAwait(false))
                await Task.Delay(TimeSpan.FromMilliseconds(_isUnreachable ? LookWhenAway : LookSoon), _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfStore(exception))
        {
            throw new StartRefusedException($"The lease of cluster id '{_clusterId}' could not be asked for: {exception.Message}", exception);
        }
        _running = RunAsync();
    }

    // True once there is nothing more to wait for. A start may be slow, and the store with it.
    private async ValueTask<bool> TryJoinAsync(long began, CancellationToken cancellationToken)
    {
        try
        {
            _listening ??= await _store.ListenAsync(Hint, cancellationToken).ConfigureAwait(false);
            var state = await StepAsync(cancellationToken).ConfigureAwait(false);
            Answered();
            return state.Stranger is { } stranger ? throw Refusal(state.Self, stranger)
                : state.Keys is not null || _time.GetElapsedTime(began) >= (state.IsKeptOut ? StartLimit : JoinLimit);
        }
        catch (Exception exception) when (IsOfStore(exception) && _time.GetElapsedTime(began) < StartLimit)
        {
            if (!_isUnreachable)
                _logger.StartAsksAgain(exception, StartLimit.TotalSeconds);
            _isUnreachable = true;
            return false;
        }
    }

    private static bool IsOfStore(Exception exception) => exception is not (OperationCanceledException or StartRefusedException);

    /// <summary>Lets all keys go and waits until the others may serve them, for at most <see cref="LeaveSpan"/>.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        Update(static state => state with { IsLeaving = true });
        Wake();
        await _running.WaitAsync(LeaveSpan, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!State.HasLeft)
            _logger.NoGoodbye();
    }

    /// <summary>Leaves, if that was not done, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        if (!State.HasLeft)
            await LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Starting().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _running.ConfigureAwait(false);
        await _sealing.ConfigureAwait(false);
        Update(static state => state with { Keys = null, LeaseEnd = 0 });
        if (_listening is { } listening)
            await listening.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        for (var last = _coarse.Milliseconds; !_stopping.IsCancellationRequested && !State.HasLeft; last = _coarse.Milliseconds)
        {
            var wake = Volatile.Read(ref _wake).Task;
            if (Pause(last) is > 0 and var pause)
                await wake.WaitAsync(TimeSpan.FromMilliseconds(pause), _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (wake.IsCompleted)
                Interlocked.Exchange(ref _wake, NewWake());
            if (!_stopping.IsCancellationRequested)
                await TryStepAsync().ConfigureAwait(false);
        }
    }

    // Milliseconds until the next look, when the last ended at this instant.
    private long Pause(long last)
    {
        var state = State;
        if (_isUnreachable)
            return LookWhenAway;
        var isDue = state.IsLost || (state.IsLeaving ? !state.MustSeal : state.Keys is null);
        if (!isDue && state.IsSettled)
        {
            _soon = LookSoon;
            return Math.Max(1, state.NextLook(last + (long)RenewEvery.TotalMilliseconds) - last);
        }
        _soon = Math.Min(_soon * 2, LookWhenAway);
        return Math.Max(1, state.NextLook(last + _soon) - last);
    }

    private async Task TryStepAsync()
    {
        try
        {
            var state = await StepAsync(_stopping.Token).ConfigureAwait(false);
            if (state.Stranger is { } stranger)
                GiveWay(Refusal(state.Self, stranger));
            Answered();
        }
        catch (Exception exception)
        {
            if (!_isUnreachable && !_stopping.IsCancellationRequested)
                _logger.Unreachable(exception, DefaultSpan.TotalSeconds);
            _isUnreachable = true;
        }
    }

    private void Answered()
    {
        if (_isUnreachable)
            _logger.Reachable();
        _isUnreachable = false;
    }

    // One renewal or look, and the change that follows from it.
    private async Task<OwnershipState> StepAsync(CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref _seen);
        var state = Update(state => state.Saw(seen));
        var (sentAt, snapshot) = await AskAsync(() => _store.RenewAsync(state.RenewsIn, _incarnation, state.Sealed, cancellationToken), cancellationToken).ConfigureAwait(false);
        state = Observe(snapshot, sentAt);
        if (state.Propose(snapshot, _coarse.Milliseconds) is not { } change)
            return state;

        foreach (var (outwaited, _) in change.Outwaited)
            _logger.Outwaited(state.View.Find(outwaited)?.Name ?? "", state.OutwaitSpan);
        (sentAt, snapshot) = await AskAsync(() => _store.PublishAsync(change, _incarnation, cancellationToken), cancellationToken).ConfigureAwait(false);
        return Observe(snapshot, sentAt);
    }

    // The fence counts from before the question was sent.
    private async Task<(long SentAt, OwnershipSnapshot Snapshot)> AskAsync(Func<ValueTask<OwnershipSnapshot>> question, CancellationToken cancellationToken)
    {
        var (sentAt, sampleSentAt) = (_coarse.Milliseconds, _clusterClock.Timestamp());
        var snapshot = await question().AsTask().WaitAsync(RenewEvery, _time, cancellationToken).ConfigureAwait(false);
        if (!_clusterClock.Add(sampleSentAt, snapshot.StoreTime, _clusterClock.Timestamp()))
            _logger.ClockSetBack();
        return (sentAt, snapshot);
    }

    private OwnershipState Observe(OwnershipSnapshot snapshot, long sentAt)
    {
        var before = State;
        var after = Update(state => state.Observe(snapshot, sentAt, _coarse.Milliseconds));
        if (after.IsLost && !before.IsLost && before.Keys is not null)
            _logger.LostView(before.View.Number, snapshot.View?.Number ?? 0);
        if (after.View.Number == before.View.Number)
            return after;

        _soon = LookSoon;
        _logger.GoesBy(after.View.Number, string.Join(", ", after.View.Members.Select(static member => member.IsLeaving ? member.Name + " (leaving)" : member.Name)));
        if (before.Keys is not null && after.Keys is null && !after.IsLeaving)
            _logger.Deposed(after.View.Number);
        if (after.IsDisplaced)
            after = GiveWay(Displaced(after));
        if (after.MustSeal && _sealing.IsCompleted)
            _sealing = SealAsync();
        return after;
    }

    private OwnershipState GiveWay(StartRefusedException refusal)
    {
        var state = Update(static state => state with { IsLeaving = true });
        Refused?.Invoke(refusal);
        return state;
    }

    private async Task SealAsync()
    {
        while (State is { MustSeal: true } state && !_stopping.IsCancellationRequested)
        {
            if (_sealWork.Count > 0)
                await LetGoAsync().ConfigureAwait(false);
            Update(now => now.Gave(state.View.Number));
            Wake();
        }
    }

    private async Task LetGoAsync()
    {
        using var deadline = new CancellationTokenSource(SealSpan, _time);
        var placement = Placement;
        try
        {
            await Task.WhenAll(_sealWork.Select(work => work.LetGoAsync(placement, deadline.Token))).WaitAsync(SealSpan, _time, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (!_stopping.IsCancellationRequested)
                _logger.LetGoLate(exception, placement.Number);
        }
    }

    private OwnershipState Update(Func<OwnershipState, OwnershipState> change)
    {
        OwnershipState before, after;
        lock (_changing)
        {
            (before, after) = (_state, change(_state));
            Volatile.Write(ref _state, after);
        }
        if (after != before)
            _changed.Happened();
        if (after.View != before.View || after.Settled != before.Settled || after.IsLost != before.IsLost || (after.Keys is null) != (before.Keys is null))
            Changed?.Invoke();
        return after;
    }

    private async ValueTask<bool> WaitAsync(
        Func<LeasedOwnership, ulong, bool> isSo, Func<LeasedOwnership, ulong, bool> mayBe, ulong key, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        while (!either.IsCancellationRequested)
        {
            var changed = _changed.Task;
            if (isSo(this, key) || !mayBe(this, key))
                break;
            var ahead = State.FenceStart - _coarse.Milliseconds;
            await Task.WhenAny(changed, Task.Delay(ahead > 0 ? TimeSpan.FromMilliseconds(ahead) : limit, _time, either.Token)).ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        return isSo(this, key);
    }

    private void Wake() => Volatile.Read(ref _wake).TrySetResult();

    private StartRefusedException Refusal(SiloMember self, SiloMember other) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Cluster id '{_clusterId}' is served by {other.Name} (pid {other.Pid} on {other.Host}), and {(self.Dialect == other.Dialect
            ? $"this silo, {self.Name}, is on {self.Host}: a loopback address leads each machine to itself. Give each silo an OrleansCache:Silo:Address or OrleansCache:Silo:AdvertisedAddress that the others reach."
            : $"that is {other.Dialect ?? "of an earlier version"}, while this silo is {self.Dialect}: they do not understand each other. Start this one as the others are (--engine, -p:Engine), end those first, or give OrleansCache:ClusterId another name.")}"));

    private StartRefusedException Displaced(OwnershipState state)
    {
        var other = state.View.Members.LastOrDefault(member => member.Address == state.Self.Address && member.Incarnation != _incarnation) ?? state.Self;
        return new(string.Create(
            CultureInfo.InvariantCulture,
            $"Another silo (pid {other.Pid} on {other.Host}) joined cluster id '{_clusterId}' at this one's address {other.Name}. Stop it, or give each silo its own address and port, or OrleansCache:ClusterId another name."));
    }

    private static TaskCompletionSource NewWake() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
