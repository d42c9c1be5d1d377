using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Calls that go on until they have an answer: asked again, sent to the new owner, or repeated after a fault.</summary>
/// <remarks>Every operation has an id, so a repetition changes nothing more. A wait for a load that somebody runs is no fault.</remarks>
/// <param name="grains">Makes references.</param>
/// <param name="options">How long to go on.</param>
/// <param name="metrics">Counts calls that had to be made again.</param>
/// <param name="clock">Paces them.</param>
/// <param name="logger">For calls without an answer.</param>
/// <param name="known">Where calls go by; null where the engine knows by itself.</param>
internal sealed class OwnerCalls(
    IGrainFactory grains, IOptions<OrleansCacheClientOptions> options, ClientMetrics metrics, TimeProvider clock, ILogger<OwnerCalls> logger, IKnownView? known = null)
{
    /// <summary>How long a newer view is waited for, which an owner goes by and this process does not know.</summary>
    private static readonly TimeSpan ViewPatience = TimeSpan.FromMilliseconds(500);
    private readonly TakeOver _takeOver = new(clock);
    private readonly Proofs _proofs = new(grains, clock);
    private readonly TimeSpan _slice = options.Value.Slice;

    /// <summary>How long a call goes on without an answer.</summary>
    public TimeSpan Limit { get; } = options.Value.CallTimeout;

    /// <summary>How long a reader waits in one call to the owner.</summary>
    public int SliceMilliseconds => (int)_slice.TotalMilliseconds;

    /// <summary>On this process's clock.</summary>
    public long Now => clock.GetTimestamp();

    public IEntryGrain Entry(string grainKey) => grains.GetGrain<IEntryGrain>(grainKey);

    /// <summary>Reads until the answer is final or hands out a lease.</summary>
    /// <param name="key">What to read.</param>
    /// <param name="request">The question.</param>
    /// <param name="effort">How far to go.</param>
    /// <param name="tried">A first try that was made already, and did not end it.</param>
    /// <exception cref="CacheUnavailableException">No owner answered in time.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer> ReadAsync(CacheKey key, ReadRequest request, ReadEffort effort, FirstTry? tried = null)
    {
        var entry = Entry(key.GrainKey);
        var asked = tried?.AskedAt ?? clock.GetTimestamp();
        var first = asked;
        var patience = new Patience(asked, effort.Patience ?? Limit);
        Exception? fault = null;
        while (true)
        {
            var refusedIn = 0L;
            try
            {
                var reply = tried is not null ? tried.Ended()
                    : patience.Left(clock) is { } left ? await AskAsync(entry, request, effort).AsTask().WaitAsync(left, clock).ConfigureAwait(false)
                    : await AskAsync(entry, request, effort).ConfigureAwait(false);
                if (IsFinal(reply))
                {
                    // Who has a factory of its own, and no limit to keep, does without.
                    if (!IsAway(reply) || request is { Load: LoadMode.Leased, Limiter: null } || effort.Flight is { IsWanted: false }
                        || !await MayTakeOverAsync(patience).ConfigureAwait(false) || patience.NextPause(clock) is not { } rest)
                        return Answer.Of(reply, asked, clock);
                    await UntilNewsAsync(known!, rest, refusedIn: 0, CancellationToken.None).ConfigureAwait(false);
                    (tried, asked) = (null, clock.GetTimestamp());
                    continue;
                }
                refusedIn = AskedInVain(reply);
                if (reply.Status is ReadStatus.AskAgain)
                {
                    var now = clock.GetTimestamp();
                    if (effort.Flight is { IsWanted: false } || clock.GetElapsedTime(first, now) >= effort.LongestWait)
                        return Answer.Of(reply, asked, clock) with { GaveUp = true };
                    patience.Renew(now, waited: clock.GetElapsedTime(asked, now) >= _slice / 2);
                }
            }
            catch (Exception e) when (IsTransient(e))
            {
                fault = Telling(fault, e);
            }

            tried = null;
            await PauseAsync(patience.NextPause(clock), key.GrainKey, fault, refusedIn).ConfigureAwait(false);
            asked = clock.GetTimestamp();
        }
    }

    /// <summary>Makes any other call until its answer is one to keep.</summary>
    /// <param name="key">The grain's key.</param>
    /// <param name="state">For <paramref name="call"/>.</param>
    /// <param name="call">The call; repeated as it is.</param>
    /// <param name="isFinal">Whether an answer is one to keep; null for any that is not a refusal.</param>
    /// <param name="isAway">Whether an answer to keep says that the owner has no proof or no store: another may be the owner soon.</param>
    /// <param name="limit">How long to go on; the call timeout when null.</param>
    /// <param name="doubt">What a try that may have had its effect does to those after it; null where a repetition changes nothing more.</param>
    /// <param name="ct">Ends the pauses between tries.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TReply> CallAsync<TGrain, TState, TReply>(
        string key, TState state, Func<TGrain, TState, ValueTask<TReply>> call, Func<TReply, bool>? isFinal = null, Func<TReply, bool>? isAway = null,
        TimeSpan? limit = null, Doubt<TState, TReply>? doubt = null, CancellationToken ct = default)
        where TGrain : IGrainWithStringKey
    {
        var patience = new Patience(clock.GetTimestamp(), limit ?? Limit);
        Exception? fault = null;
        var isInDoubt = false;
        while (true)
        {
            var leavesDoubt = doubt is not null;
            var refusedIn = 0L;
            try
            {
                var reply = patience.Left(clock) is { } left ? await call(grains.GetGrain<TGrain>(key), state).AsTask().WaitAsync(left, clock, ct).ConfigureAwait(false)
                    : await call(grains.GetGrain<TGrain>(key), state).ConfigureAwait(false);
                if (isFinal is not null ? isFinal(reply) : reply is not IOwnersReply { IsRefusal: true })
                {
                    if (isAway is null || !isAway(reply) || !await MayTakeOverAsync(patience).ConfigureAwait(false) || patience.NextPause(clock) is not { } rest)
                        return isInDoubt ? doubt!.Answered(reply) : reply;
                    await UntilNewsAsync(known!, rest, refusedIn: 0, ct).ConfigureAwait(false);
                    continue;
                }
                if (reply is IOwnersReply { IsInLine: true })
                    patience.Renew(clock.GetTimestamp(), waited: true);
                leavesDoubt = doubt is not null && doubt.Leaves(reply);
                refusedIn = AskedInVain(reply as IOwnersReply);
            }
            catch (Exception e) when (IsTransient(e))
            {
                fault = Telling(fault, e);
            }

            if (leavesDoubt)
            {
                (isInDoubt, state) = (true, doubt!.Repeated(state));
                patience.AtMost(OperationLimits.Repeated);
            }
            await PauseAsync(patience.NextPause(clock), key, fault, refusedIn, ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="CallAsync{TGrain, TState, TReply}"/>
    public ValueTask<TReply> CallAsync<TGrain, TReply>(
        string key, Func<TGrain, ValueTask<TReply>> call, Func<TReply, bool>? isFinal = null, TimeSpan? limit = null, CancellationToken ct = default)
        where TGrain : IGrainWithStringKey => CallAsync<TGrain, Func<TGrain, ValueTask<TReply>>, TReply>(key, call, static (grain, made) => made(grain), isFinal, limit: limit, ct: ct);

    // Silence after a fault says less than the fault did.
    private static Exception Telling(Exception? earlier, Exception e) => e is TimeoutException && earlier is not null ? earlier : e;

    private static ValueTask<ReadReply> AskAsync(IEntryGrain entry, in ReadRequest request, in ReadEffort effort) =>
        effort.Refresh ? entry.RefreshAsync(request) : entry.ReadAsync(request);

    /// <summary>An answer came by this view; a newer one is looked for.</summary>
    public void Heard(long view) => known?.Hint(view);

    /// <summary>True for what is an answer, not word of who or when to ask.</summary>
    public static bool IsFinal(in ReadReply reply) => reply.Status is not (ReadStatus.AskAgain or ReadStatus.NotOwner);

    /// <summary>True for a strict read that the owner refused for want of proof or store. Other reads are answered without.</summary>
    public static bool IsAway(in ReadReply reply) =>
        reply is { Status: ReadStatus.Failed, Strict: true, Problem: { Kind: ProblemKind.Unavailable, Detail: LoadProblem.Unproven or LoadProblem.StoreAway } };

    public static bool IsTransient(Exception e) => e is OrleansException or TimeoutException;

    // The view by which a silo refused; 0 when it only told to ask again.
    private long AskedInVain(IOwnersReply? reply)
    {
        if (reply is null)
            return 0;
        Heard(reply.View);
        if (!reply.IsRefusal)
            return 0;
        metrics.Refused();
        return reply.View;
    }

    // False when the refusal stands.
    private async ValueTask<bool> MayTakeOverAsync(Patience patience) =>
        known is { IsShared: true } && _takeOver.MayCome(known.Number) && patience.Has(TakeOver.Try, clock) && await _proofs.AnyAsync(known.Placement).ConfigureAwait(false);

    private ValueTask PauseAsync(TimeSpan? pause, string grainKey, Exception? fault, long refusedIn, CancellationToken ct = default)
    {
        if (pause is not { } length)
        {
            logger.Unreachable(fault, RoutingHash.Of(grainKey));
            throw new CacheUnavailableException(
                fault is null
                    ? $"No silo owned the key within {Limit}; the cluster is changing its members, or this client routes by an old view."
                    : $"No silo answered within {Limit}; check that the cluster runs and that the client's connection string names it. Last fault: {fault.Message}",
                fault);
        }

        ct.ThrowIfCancellationRequested();
        return known is not null ? new(UntilNewsAsync(known, length, refusedIn, ct))
            : length == TimeSpan.Zero ? ValueTask.CompletedTask : new(Task.Delay(length, clock, ct));
    }

    // What went to the wrong silo goes to the right one as soon as a newer view says which.
    private async Task UntilNewsAsync(IKnownView view, TimeSpan length, long refusedIn, CancellationToken ct)
    {
        var changed = view.Changed;
        if (refusedIn > view.Number && length < ViewPatience)
            length = ViewPatience;
        if (length > TimeSpan.Zero)
            await changed.WaitAsync(length, clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
    }
}
