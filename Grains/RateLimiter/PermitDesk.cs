using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Brings the rules together with the clock, the store and the fence, for one activation of a limiter.</summary>
/// <remarks>Not thread-safe: for use in a grain's own turns. Calls interleave at every await.</remarks>
internal sealed class PermitDesk(
    string name,
    IPersistentState<LimiterState> state,
    IRateLimits configured,
    IOwnership ownership,
    IClusterClock clusterClock,
    TimeProvider clock,
    RateLimiterMetrics metrics,
    ILogger logger,
    Action deactivate)
{
    /// <summary>The longest that an origin's word can hold up all calls, in microseconds.</summary>
    public const long LongestPause = 300_000_000;

    /// <summary>How long a call waits here for the store, so that its permit is not old when it has it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    /// <summary>How long the end of an activation waits for a write that runs.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private const long ProofPause = 50;
    private const long StorePause = 250_000;
    private const long StoreHangs = 1_000_000;
    private const long AskAgain = 5_000;

    /// <summary>The activation's clock begins late enough that a day before it is not below zero.</summary>
    private const long Epoch = 1_000_000_000_000;

    private readonly ulong _hash = RoutingHash.Of(name);
    private readonly long _epoch = ownership.EpochOf(RoutingHash.Of(name));
    private readonly LimiterRules _rules = new(default);
    private readonly long _started = clock.GetTimestamp();
    private RateLimitPolicy? _policy;
    private Task _writing = Task.CompletedTask;
    private long _writingSince;
    private long _storeFailedUntil;
    private bool _storeFailed;
    private bool _hasRecorded;
    private long _granted;
    private long _refused;

    private long Now => Epoch + (clock.GetElapsedTime(_started).Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>False when another silo may have counted permits since this activation began: its record is not to be gone by.</summary>
    public bool IsOurs { get; } = ownership.Owns(RoutingHash.Of(name));

    /// <summary>Counts what the record in the store says, read after <see cref="IsOurs"/>.</summary>
    public void Open()
    {
        GoByConfiguration();
        try
        {
            LimiterHistory.Restore(_rules, state.State, Now, clusterClock.Earliest, LongestPause);
        }
        catch (InvalidDataException e)
        {
            logger.RecordUnreadable(e, name);
        }

        if (state.State.Open > 0)
            logger.OpenPermitsCounted(name, state.State.Open);
    }

    /// <summary>
    /// Grants nothing more and, if it can, says so in the store, so that nothing counts that was not given. What another left open is not its to
    /// close: its silo may have the limiter no more, and who has it may still give that.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        _rules.Reserve.Close();
        await _writing.WaitAsync(LastWords, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _rules.Reserve.Close();
        if (_hasRecorded && _writing.IsCompleted && !_storeFailed && state.State.Open > 0)
            await RecordAsync(chunk: 0);
    }

    public async ValueTask<PermitReply> AcquireAsync(PermitRequest request)
    {
        var asked = clock.GetTimestamp();
        while (true)
        {
            GoByConfiguration();
            var isProven = ownership.FenceHolds;
            if (HasMoved())
            {
                deactivate();
                return new() { Status = PermitStatus.NotOwner, View = ownership.View };
            }

            if (_policy is null && _rules.PausedUntil <= Now)
                return Reply(PermitStatus.Unlimited);
            if (!isProven)
                return new() { Status = PermitStatus.Unproven, RetryAfterMilliseconds = ProofPause, View = ownership.View };

            var decision = _rules.Acquire(request, Now);
            if (decision.Kind != PermitDecisionKind.MustRecord)
            {
                if (_rules.ShouldRecordAhead && decision.Kind == PermitDecisionKind.Granted)
                    Record();
                return Reply(request, decision);
            }

            if (_storeFailedUntil > Now)
                return Reply(request, new(PermitDecisionKind.Refused, _storeFailedUntil - Now), PermitHold.Away);
            Record();
            if (Now - _writingSince > StoreHangs)
                return Reply(request, new(PermitDecisionKind.Refused, StorePause), PermitHold.Away);
            await _writing.WaitAsync(Patience, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (!_writing.IsCompleted || clock.GetElapsedTime(asked) > Patience)
                return Postpone(request);
        }
    }

    // Who has the limiter again, after another silo had it, does not know what that one granted.
    private bool HasMoved() => !IsOurs || !ownership.Owns(_hash) || ownership.EpochOf(_hash) != _epoch;

    /// <returns>False when another silo has the limiter.</returns>
    public bool Pause(TimeSpan duration)
    {
        if (HasMoved())
        {
            deactivate();
            return false;
        }

        if (duration <= TimeSpan.Zero)
            return true;
        var pause = Math.Min(LongestPause, duration.Ticks / TimeSpan.TicksPerMicrosecond);
        if (Now + pause > _rules.PausedUntil)
            logger.Paused(name, pause / 1e6);
        _rules.Pause(Now, pause);
        return true;
    }

    public RateLimiterDescription Describe()
    {
        GoByConfiguration();
        return new()
        {
            Windows = _rules.Windows.Describe(Now),
            ForegroundWaiting = _rules.ForegroundWaiting,
            BackgroundWaiting = _rules.BackgroundWaiting,
            PausedMilliseconds = Milliseconds(Math.Max(0, _rules.PausedUntil - Now)),
            Granted = _granted,
            Refused = _refused,
            View = ownership.View,
            IsRefusal = HasMoved(),
            OnMiss = _policy?.OnMiss ?? default,
            MaxWaitMilliseconds = (int)(_policy?.MaxWait.TotalMilliseconds ?? 0),
        };
    }

    private static long Milliseconds(long microseconds) => (microseconds + 999) / 1_000;

    private void GoByConfiguration()
    {
        var policy = configured.For(name);
        if (ReferenceEquals(policy, _policy))
            return;
        var limits = policy?.Limits ?? default;
        if (_policy is not null && limits != _rules.Limits)
            logger.LimitsChanged(name);
        _policy = policy;
        _rules.Apply(limits);
    }

    private void Record()
    {
        if (_writing.IsCompleted)
            _writing = RecordAsync(_rules.Limits.Chunk);
    }

    /// <summary>Records what was given and that a chunk more may be; by a clock that went back not as older than the last record. Never throws.</summary>
    private async Task RecordAsync(long chunk)
    {
        var open = _rules.Reserve.BeginWrite(chunk);
        (_writingSince, _hasRecorded) = (Now, true);
        state.State = LimiterHistory.Save(_rules, open, Now, Math.Max(LatestClusterTime(), state.State.WrittenAt));
        try
        {
            await state.WriteStateAsync(CancellationToken.None);
            _rules.Reserve.Written();
            if (_storeFailed)
                logger.RecordSavedAgain(name);
            _storeFailed = false;
        }
        catch (InconsistentStateException e)
        {
            _rules.Reserve.Failed();
            _rules.Reserve.Close();
            Failed();
            logger.RecordTaken(e, name);
            deactivate();
        }
        catch (Exception e)
        {
            _rules.Reserve.Failed();
            if (!_storeFailed)
                logger.RecordNotSaved(e, name);
            Failed();
        }
    }

    private void Failed() => (_storeFailed, _storeFailedUntil) = (true, Now + StorePause);

    /// <summary>The other end of the interval whose middle the clock gives and whose lower end is certain.</summary>
    private long LatestClusterTime() => clusterClock.Now is var now ? now + (now - Math.Min(now, clusterClock.Earliest)) : 0;

    /// <summary>A slow store is not the limit: who would not wait for that is called back too, in no place of the line. Refreshes come again by themselves.</summary>
    private PermitReply Postpone(in PermitRequest request)
    {
        var decision = _rules.Postpone(request, Now, AskAgain);
        return decision.Kind == PermitDecisionKind.Refused && request is { Background: false, WaitMilliseconds: >= 0 }
            ? Reply(PermitStatus.Recording, AskAgain)
            : Reply(request, decision);
    }

    private PermitReply Reply(PermitStatus status, long retryAfter = 0) => new() { Status = status, RetryAfterMilliseconds = Milliseconds(retryAfter), View = ownership.View };

    private PermitReply Reply(in PermitRequest request, PermitDecision decision, PermitHold hold = PermitHold.Limit)
    {
        if (hold == PermitHold.Limit && _rules.PausedUntil > Now)
            hold = PermitHold.Pause;
        if (decision.Kind == PermitDecisionKind.Wait)
            return Reply(PermitStatus.Wait, decision.RetryAfter) with { Hold = hold };
        var granted = decision.Kind == PermitDecisionKind.Granted;
        if (request.WaitMilliseconds >= 0)
        {
            metrics.Asked(name, granted, request.Background);
            _ = granted ? _granted++ : _refused++;
        }

        return granted ? Reply(PermitStatus.Granted) : Reply(PermitStatus.Refused, decision.RetryAfter) with { Hold = hold };
    }
}
