using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One load at a time, and what of its result may be kept.</summary>
internal static class LoadRules
{
    /// <summary>The largest value that an entry may hold.</summary>
    public const int MaxValueBytes = 8 * 1024 * 1024;

    public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(15);

    public static (EntryState State, LoadLease Load) Begin(in EntryState state, bool leased, long leaseSpan, long born, long generation, long now)
    {
        var load = new LoadLease
        {
            Number = state.Loads + 1,
            Leased = leased,
            LeaseUntil = EntryLifetimes.Add(now, leaseSpan),
            Changes = state.Changes,
            Born = born,
            LogGeneration = generation,
            Stamp = now,
        };
        return ((state with { Loads = load.Number }).With((state.Work ?? EntryWork.None) with { Load = load }), load);
    }

    /// <summary>Extends a lease that is still good; false when it is late or something newer took its place.</summary>
    public static (EntryState State, bool Renewed) Renew(in EntryState state, int number, long leaseSpan, long now)
    {
        if (state.Work is not { Load: { Leased: true } load } work || load.Number != number || !load.IsAlive(now))
            return (state, false);
        return (state.With(work with { Load = load with { LeaseUntil = EntryLifetimes.Add(now, leaseSpan) } }), true);
    }

    /// <summary>Takes the load off the entry if it is still the one in flight.</summary>
    public static EntryState Detach(in EntryState state, int number) =>
        state.Work is { Load: { } load } work && load.Number == number ? state.With(work with { Load = null }) : state;

    /// <summary>Ends a load: keeps, queues or turns away its result.</summary>
    public static (EntryState State, LoadEnd End) End(in EntryState state, LoadLease load, LoadResult result, in EndContext at)
    {
        var isCurrent = state.Work?.Load is { } current && current.Number == load.Number;
        var late = !isCurrent || !state.Work!.Load!.IsAlive(at.Now);
        var next = Detach(state, load.Number);

        if (result.Outcome is LoadOutcome.GivenUp)
            return (next, new() { GivenUp = true });
        var overtaken = late ? state.Changes != load.Changes ? "changed" : "lease-lost"
            : !state.Queued.IsEmpty || state.Work?.Job is { Batch.IsEmpty: false } ? "changed"
            : null;
        if (Problem(state, result, at.Policy) is { } problem)
            return (isCurrent ? WithFailure(next, problem, at) : next, new() { Problem = problem, Detail = overtaken });

        var refusal = overtaken ?? (
            !at.TagsGood ? "tag-raised"
            : !at.Proven ? "unproven"
            : result.Outcome is LoadOutcome.DoNotStore ? "not-stored"
            : state.Stored == StoreKnowledge.Unread ? "store"
            : null);
        if (result.Outcome is LoadOutcome.Absent && EntryLifetimes.AbsenceSpan(result.Lifetime, at.Policy) == 0)
            return EndInAbsence(next, refusal, load, result, at);
        return refusal is null
            ? Keep(next, load, result, at)
            : (next, new() { Detail = refusal, Value = Uncached(state, load, result, at.Now) });
    }

    /// <summary>When to try again after so many failures in a row: doubled each time, bounded, with up to half taken off by chance.</summary>
    public static long NextTry(int failures, LoadProblem problem, long now, double draw)
    {
        var backoff = Math.Min(FirstBackoff.TotalMicroseconds * Math.Pow(2, failures - 1), LongestBackoff.TotalMicroseconds);
        var jittered = (long)(backoff * (1 - (draw / 2)));
        return EntryLifetimes.Add(now, Math.Max(jittered, EntryLifetimes.FromMilliseconds(problem.RetryAfterMilliseconds)));
    }

    private static LoadProblem? Problem(in EntryState state, LoadResult result, RegionPolicy policy) => result.Outcome switch
    {
        LoadOutcome.Failed => result.Problem ?? new() { Kind = ProblemKind.OriginFailed, Detail = "failed" },
        LoadOutcome.NotModified when state.Content is null => new() { Kind = ProblemKind.OriginFailed, Detail = "origin-304", StatusCode = 304 },
        LoadOutcome.Value or LoadOutcome.Absent or LoadOutcome.DoNotStore when result.Bytes.Length > MaxValueBytes => new()
        {
            Kind = ProblemKind.TooLarge,
            Detail = "too-large",
            Message = $"The result has {result.Bytes.Length} bytes; an entry of {policy.Region} holds at most {MaxValueBytes}.",
        },
        _ => null,
    };

    private static EntryState WithFailure(in EntryState state, LoadProblem problem, in EndContext at)
    {
        var work = state.Work ?? EntryWork.None;
        var count = (work.Failure?.Count ?? 0) + 1;
        return state.With(work with { Failure = new(problem, count, NextTry(count, problem, at.Now, at.Draw)) });
    }

    /// <summary>The origin has no such thing, and that is not remembered: what is there goes.</summary>
    private static (EntryState State, LoadEnd End) EndInAbsence(in EntryState state, string? refusal, LoadLease load, LoadResult result, in EndContext at)
    {
        var problem = (result.Problem ?? new() { Detail = "absent", StatusCode = 404 }) with
        {
            Kind = ProblemKind.NotFound,
            Body = result.Problem?.Body ?? result.Bytes,
            ContentType = result.Problem?.ContentType ?? result.ContentType,
        };
        if (refusal is not null || state.Content is null)
            return (state, new() { Problem = problem, Detail = refusal });
        var (next, change) = ChangeRules.Accept(state, null, 0, 0, result.OperationId, existed: true, load, at.Now);
        return (next, new() { Problem = problem, Change = change });
    }

    private static (EntryState State, LoadEnd End) Keep(in EntryState state, LoadLease load, LoadResult result, in EndContext at)
    {
        var absent = result.Outcome is LoadOutcome.Absent;
        var (freshUntil, staleUntil) = absent
            ? EntryLifetimes.OfAbsence(EntryLifetimes.AbsenceSpan(result.Lifetime, at.Policy), at.Now)
            : EntryLifetimes.Of(result.Lifetime, at.Policy, at.Now, at.Draw);
        var sliding = EntryLifetimes.FromMilliseconds(result.Lifetime?.SlidingMilliseconds ?? 0);
        if (IsSame(state.Content, result, absent))
        {
            var kept = state.Content! with
            {
                Value = state.Content.Value with
                {
                    LastRetrieved = at.Now,
                    Born = load.Born,
                    Tags = result.Outcome is LoadOutcome.NotModified && result.Tags.IsEmpty ? state.Content.Tags : result.Tags,
                },
                LogGeneration = load.LogGeneration,
                SlidingSpan = sliding,
                SavedFreshUntil = freshUntil,
                IsRenewed = true,
                OriginETag = result.OriginETag ?? state.Content.OriginETag,
                OriginLastModified = result.OriginLastModified ?? state.Content.OriginLastModified,
                OriginVersion = result.OriginVersion,
            };
            if (!SameTags(kept.Tags, state.Content.Tags))
            {
                // A restart must not bring back a value that forgot its tags: the store has them before anybody reads them.
                var (tagged, change) = ChangeRules.Accept(state, kept, freshUntil, staleUntil, kept.OperationId, existed: true, load, kept.Version);
                return (WithoutFailure(tagged), new() { Change = change, Value = kept.Value });
            }

            var renewed = state with { Content = kept, FreshUntil = freshUntil, StaleUntil = staleUntil, Unflushed = true };
            return (WithoutFailure(renewed), new() { Kept = true, Value = kept.Value });
        }

        var content = new EntryContent
        {
            Value = new()
            {
                Bytes = result.Bytes,
                ContentType = result.ContentType,
                Encoding = result.Encoding,
                IsAbsent = absent,
                Version = VersionRules.Next(state, load.Stamp),
                LastRetrieved = at.Now,
                LastModified = at.Now,
                Born = load.Born,
                Tags = result.Tags,
            },
            OperationId = result.OperationId,
            LogGeneration = load.LogGeneration,
            SlidingSpan = sliding,
            SavedFreshUntil = freshUntil,
            Replaced = state.Content is not null,
            OriginETag = result.OriginETag,
            OriginLastModified = result.OriginLastModified,
            OriginVersion = result.OriginVersion,
        };
        var (changed, pending) = ChangeRules.Accept(state, content, freshUntil, staleUntil, result.OperationId, content.Replaced, load, content.Version);
        return (changed, new() { Change = pending, Value = content.Value });
    }

    private static bool SameTags(ImmutableArray<string> left, ImmutableArray<string> right) =>
        left.Length == right.Length && left.All(right.Contains);

    private static bool IsSame(EntryContent? content, LoadResult result, bool absent)
    {
        if (result.Outcome is LoadOutcome.NotModified)
            return true;
        if (content is null || content.Value.IsAbsent != absent)
            return false;
        return ReferenceEquals(result.ComparedTo, content) ? result.Same : SameValue.Equal(content.Value, result.Bytes, result.ContentType, result.Encoding);
    }

    private static EntryValue Uncached(in EntryState state, LoadLease load, LoadResult result, long now) =>
        result.Outcome is LoadOutcome.NotModified
            ? state.Content!.Value with { Version = 0, LastRetrieved = now }
            : new()
            {
                Bytes = result.Bytes,
                ContentType = result.ContentType,
                Encoding = result.Encoding,
                IsAbsent = result.Outcome is LoadOutcome.Absent,
                LastRetrieved = now,
                LastModified = now,
                Born = load.Born,
                Tags = result.Tags,
            };

    private static EntryState WithoutFailure(in EntryState state) =>
        state.Work is { Failure: not null } work ? state.With(work with { Failure = null }) : state;
}

/// <summary>What is true when a load ends.</summary>
/// <param name="Now">Cluster time in microseconds.</param>
/// <param name="Policy">The region's.</param>
/// <param name="TagsGood">No tag of the result was raised since the load began.</param>
/// <param name="Proven">The fence holds, or the region does not ask for it.</param>
/// <param name="Draw">Uniform in [0, 1).</param>
internal readonly record struct EndContext(long Now, RegionPolicy Policy, bool TagsGood, bool Proven, double Draw);

/// <summary>What became of a load.</summary>
internal readonly record struct LoadEnd
{
    /// <summary>The change that its result makes; null when it made none.</summary>
    public PendingChange? Change { get; init; }

    /// <summary>The value that was there is still good: its clocks moved.</summary>
    public bool Kept { get; init; }

    /// <summary>The result, for those who wait: with version 0 when it is not kept.</summary>
    public EntryValue? Value { get; init; }

    /// <summary>Why it is not kept: <c>changed</c>, <c>lease-lost</c>, <c>tag-raised</c>, <c>unproven</c>, <c>store</c>, <c>not-stored</c>.</summary>
    public string? Detail { get; init; }
    public LoadProblem? Problem { get; init; }
    public bool GivenUp { get; init; }

    /// <summary>True when a change may have been acknowledged since the load began: its result, value or absence, does not know of it.</summary>
    public bool IsOvertaken => Detail is not (null or "not-stored");
}
