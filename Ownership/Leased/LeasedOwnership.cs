using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The right to serve by a lease in a shared store, renewed each second. One silo at a time has it.</summary>
internal sealed class LeasedOwnership : IOwnership, IAsyncDisposable
{
    /// <summary>How long a lease is good for.</summary>
    public static readonly TimeSpan DefaultSpan = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAtStart = TimeSpan.FromSeconds(1.5);

    private readonly IOwnershipStore _store;
    private readonly SampledClusterClock _clusterClock;
    private readonly CoarseClock _coarse;
    private readonly TimeProvider _time;
    private readonly string _clusterId;
    private readonly ILogger<LeasedOwnership> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Guid _incarnation;
    private OwnershipState _state;
    private long _seen;
    private long _view;
    private TaskCompletionSource _changed = NewChange();
    private Task _running = Task.CompletedTask;
    private bool _isUnreachable;
    private int _isDisposed;

    /// <param name="self">This silo's name.</param>
    /// <param name="clusterId">For messages.</param>
    /// <param name="store">Shared by all who would serve the cluster.</param>
    /// <param name="clusterClock">Gets a sample with each renewal.</param>
    /// <param name="coarse">Judges the fence.</param>
    /// <param name="time">Paces the renewals.</param>
    /// <param name="logger">For what people should know.</param>
    public LeasedOwnership(
        string self, string clusterId, IOwnershipStore store, SampledClusterClock clusterClock, CoarseClock coarse, TimeProvider time, ILogger<LeasedOwnership> logger)
    {
        (_store, _clusterClock, _coarse, _time, _clusterId, _logger) = (store, clusterClock, coarse, time, clusterId, logger);
        _incarnation = Guid.NewGuid();
        _state = new(new(_incarnation, self, Environment.ProcessId, Environment.MachineName), (long)DefaultSpan.TotalMilliseconds);
    }

    /// <summary>Raised when, after the start, another silo turns out to be alive before this one ever served: this one should end.</summary>
    public event Action<StartRefusedException>? Refused;

    public string Self => _state.Self.Name;

    public long View => Volatile.Read(ref _view);

    public bool FenceHolds => Volatile.Read(ref _state).FenceHolds(_coarse.Milliseconds);

    public bool Owns(ulong keyHash) => Volatile.Read(ref _state).View > 0;

    public long EpochOf(ulong keyHash) => Volatile.Read(ref _view);

    public async ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
        while (!FenceHolds && !either.IsCancellationRequested)
        {
            var state = Volatile.Read(ref _state);
            var ahead = state.FenceStart - _coarse.Milliseconds;
            var changed = Volatile.Read(ref _changed).Task;
            await Task.WhenAny(changed, Task.Delay(ahead > 0 ? TimeSpan.FromMilliseconds(ahead) : limit, _time, either.Token)).ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        return FenceHolds;
    }

    /// <summary>A stored record has a view number beyond this silo's: if nobody else published it, views were lost.</summary>
    public void Saw(long view)
    {
        for (var seen = Volatile.Read(ref _seen); view > seen;)
            seen = Interlocked.CompareExchange(ref _seen, view, seen) is var now && now == seen ? view : now;
    }

    /// <summary>Looks for another silo for up to 1.5 s, then goes on in the background; serves once it may.</summary>
    /// <exception cref="StartRefusedException">Another silo serves this cluster.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        do
        {
            if (await FirstStepAsync(cancellationToken).ConfigureAwait(false) is { } alive)
                throw Refusal(alive);
            if (_state.View > 0)
                break;
            await Task.Delay(LookEvery, _time, cancellationToken).ConfigureAwait(false);
        }
        while (_time.GetElapsedTime(began) < LookAtStart);
        _running = RunAsync();
    }

    /// <summary>Stops serving, and leaves the mark that lets the next silo begin at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        var state = _state;
        Become(state with { View = 0, FenceEnd = 0 });
        if (state.View > 0)
        {
            var goodbye = new ClusterView(state.View, [state.Self with { HasStopped = true }]);
            try
            {
                await _store.PublishAsync(new(goodbye, state.View, [], WaitsOut: false), _incarnation, default).AsTask()
                    .WaitAsync(RenewEvery, _time).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                _logger.NoGoodbye(exception);
            }
        }
        _stopping.Dispose();
    }

    private async Task<SiloMember?> FirstStepAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StepAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new StartRefusedException($"The lease of cluster id '{_clusterId}' could not be asked for: {exception.Message}", exception);
        }
    }

    private async Task RunAsync()
    {
        var hasServed = _state.View > 0;
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(_state.View > 0 && !_isUnreachable ? RenewEvery : LookEvery, _time, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested)
                return;
            if (await TryStepAsync().ConfigureAwait(false) is { } alive && !hasServed)
            {
                Refused?.Invoke(Refusal(alive));
                return;
            }
            hasServed |= _state.View > 0;
        }
    }

    private async Task<SiloMember?> TryStepAsync()
    {
        try
        {
            var alive = await StepAsync(_stopping.Token).ConfigureAwait(false);
            if (_isUnreachable)
                _logger.Reachable();
            _isUnreachable = false;
            return alive;
        }
        catch (Exception exception)
        {
            if (!_isUnreachable && !_stopping.IsCancellationRequested)
                _logger.Unreachable(exception, DefaultSpan.TotalSeconds);
            _isUnreachable = true;
            return null;
        }
    }

    // One renewal or look, and the change that follows from it. Returns another silo that was seen to be alive.
    private async Task<SiloMember?> StepAsync(CancellationToken cancellationToken)
    {
        var state = _state.Saw(Volatile.Read(ref _seen));
        var (snapshot, sentAt, receivedAt) = await AskAsync(
            () => _store.RenewAsync(state.View > 0 ? state.View : null, _incarnation, state.View, cancellationToken), cancellationToken).ConfigureAwait(false);
        var (next, change, alive) = state.Observe(snapshot, sentAt, receivedAt);
        if (snapshot.Applied && next.View > 0)
            next = next.Renewed(sentAt);
        if (_state.View > 0 && next.View == 0)
            _logger.LostView(_state.View, snapshot.View?.Number ?? 0);
        Become(next);
        if (change is null)
            return alive;

        (snapshot, sentAt, receivedAt) = await AskAsync(() => _store.PublishAsync(change, _incarnation, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (!snapshot.Applied)
            return null;
        Become(next.Published(change, sentAt, receivedAt));
        _logger.Serves(change.Next.Number, change.WaitsOut ? next.OutwaitSpan : 0);
        return null;
    }

    // The fence counts from before the question was sent.
    private async Task<(OwnershipSnapshot Snapshot, long SentAt, long ReceivedAt)> AskAsync(
        Func<ValueTask<OwnershipSnapshot>> question, CancellationToken cancellationToken)
    {
        var (sentAt, sampleSentAt) = (_coarse.Milliseconds, _clusterClock.Timestamp());
        var snapshot = await question().AsTask().WaitAsync(RenewEvery, _time, cancellationToken).ConfigureAwait(false);
        if (!_clusterClock.Add(sampleSentAt, snapshot.StoreTime, _clusterClock.Timestamp()))
            _logger.ClockSetBack();
        return (snapshot, sentAt, _coarse.Milliseconds);
    }

    private void Become(OwnershipState next)
    {
        Volatile.Write(ref _state, next);
        if (next.View > 0)
            Volatile.Write(ref _view, next.View);
        Interlocked.Exchange(ref _changed, NewChange()).TrySetResult();
    }

    private StartRefusedException Refusal(SiloMember alive) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"Another silo ({alive.Name}, pid {alive.Pid} on {alive.Host}) serves cluster id '{_clusterId}'. Stop it, or set OrleansCache:ClusterId to another name."));

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
