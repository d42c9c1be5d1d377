using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Writes and removals: judged against the pending head, given a version, queued.</summary>
internal static class ChangeRules
{
    /// <summary>Judges a write and queues it.</summary>
    public static (EntryState State, ChangeVerdict Verdict) Write(in EntryState state, in WriteRequest request, in ChangeContext at)
    {
        var head = Head(state, at);
        if (!Holds(request.Condition, request.Version, request.Source, head, state))
            return (state, new() { Version = head?.Version ?? 0, Existed = head is not null });

        var (freshUntil, staleUntil) = EntryLifetimes.Of(request.Lifetime, at.Policy, at.Now, at.Draw);
        var content = new EntryContent
        {
            Value = new()
            {
                Bytes = request.Bytes,
                ContentType = EntryContent.Shared(request.ContentType),
                Encoding = request.Encoding,
                Version = VersionRules.Next(state, at.Now),
                LastRetrieved = at.Now,
                LastModified = at.Now,
                Born = at.TagHead,
                Tags = request.Lifetime?.Tags is { IsDefault: false } tags ? tags : [],
            },
            OperationId = request.OperationId,
            LogGeneration = at.TagGeneration,
            SlidingSpan = EntryLifetimes.FromMilliseconds(request.Lifetime?.SlidingMilliseconds ?? 0),
            SavedFreshUntil = freshUntil,
            Replaced = head is not null,
        };
        var (next, change) = Accept(
            state, content, freshUntil, staleUntil, request.OperationId, head is not null, load: null, at.Now, EventOf(request.Condition, request.Source, request.Version));
        return (next, new() { Change = change, Accepted = true, Version = change.Version, Existed = change.Existed });
    }

    /// <summary>Judges a removal and queues it. Where nothing is there, or in the store, only loads in flight are fenced.</summary>
    public static (EntryState State, ChangeVerdict Verdict) Remove(in EntryState state, in RemoveRequest request, in ChangeContext at)
    {
        var head = Head(state, at);
        if (!Holds(request.Condition, request.Version, request.Source, head, state))
            return (state, new() { Version = head?.Version ?? 0, Existed = head is not null });

        if (request.Condition != ConditionKind.IfNewerSource && state.Content is null && state.Stored == StoreKnowledge.Nothing && state.Queued.IsEmpty && state.Work?.Job is null)
            return (Fence(state), new() { Accepted = true, Version = state.LastVersion });
        var (next, change) = Accept(
            state, null, 0, 0, request.OperationId, head is not null, load: null, at.Now, EventOf(request.Condition, request.Source, request.Version));
        return (next, new() { Change = change, Accepted = true, Version = change.Version, Existed = change.Existed });
    }

    /// <summary>Has the store told that its value may be out of date soon, and by whose turn to write to the origin. Readers keep it.</summary>
    public static (EntryState State, PendingChange Change) Doubt(in EntryState state, Guid turn, ImmutableArray<string> invalidates, long clusterTime) =>
        Accept(state, state.Content, state.FreshUntil, state.StaleUntil, Guid.Empty, existed: state.Content is not null, load: null, clusterTime, turn: turn, invalidates: invalidates);

    /// <summary>Gives a change its version and its place in the queue.</summary>
    public static (EntryState State, PendingChange Change) Accept(
        in EntryState state, EntryContent? content, long freshUntil, long staleUntil, Guid operationId, bool existed, LoadLease? load, long clusterTime,
        SourceMark? told = null, Guid turn = default, ImmutableArray<string> invalidates = default)
    {
        var version = content?.Version ?? VersionRules.Next(state, clusterTime);
        var stamps = version > state.LastVersion;
        var change = new PendingChange
        {
            Content = content,
            FreshUntil = freshUntil,
            StaleUntil = staleUntil,
            Version = version,
            OperationId = operationId,
            At = content?.Value.LastRetrieved ?? clusterTime,
            Existed = existed,
            Heard = told ?? Heard(state),
            IsEvent = told is not null,
            Turn = turn,
            Invalidates = invalidates.IsDefault ? [] : invalidates,
            Load = load?.Number ?? 0,
            First = stamps && !state.Stamped,
        };
        var work = state.Work ?? EntryWork.None;
        work = work with
        {
            Queued = work.Queued.Add(change),
            Load = load is null ? work.Load : load with { Storing = change.Version },
        };
        var stamped = state with { LastVersion = Math.Max(state.LastVersion, version), Stamped = state.Stamped || stamps };
        return (stamped.With(work), change);
    }

    /// <summary>Who asks from now on joins no load that is in flight, and its result is not kept.</summary>
    public static EntryState Fence(in EntryState state)
    {
        var next = state with { Changes = state.Changes + 1 };
        return next.Work is { Load: not null } work ? next.With(work with { Load = null }) : next;
    }

    /// <summary>The version of the last change that is not published yet; null when all are.</summary>
    public static long? PendingVersion(in EntryState state) => Last(state)?.Version;

    private static PendingChange? Last(in EntryState state) =>
        state.Queued is [.., var queued] ? queued : state.Work?.Job?.Batch is [.., var writing] ? writing : null;

    /// <summary>What the next change is judged against: the last one accepted, else what readers see; null when that is no value.</summary>
    private static EntryContent? Head(in EntryState state, in ChangeContext at)
    {
        var last = Last(state);
        var content = last is null
            ? ReadRules.Judge(state, at.Now, at.TagsGood) == Freshness.Absent ? null : state.Content
            : at.Now < last.StaleUntil ? last.Content : null;
        return content is { Value.IsAbsent: false } ? content : null;
    }

    /// <summary>How far the source was heard when all that is accepted is published.</summary>
    private static SourceMark? Heard(in EntryState state) => Last(state) is { } last ? last.Heard : state.Heard;

    private static SourceMark? EventOf(ConditionKind condition, string? source, long sequence) =>
        condition == ConditionKind.IfNewerSource ? new(source!, sequence) : null;

    private static bool Holds(ConditionKind condition, long version, string? source, EntryContent? head, in EntryState state) => condition switch
    {
        ConditionKind.IfNewerSource => SourceMark.IsNewer(Heard(state), source, version),
        ConditionKind.IfVersion => head is not null && head.Version == version,
        ConditionKind.IfAbsent => head is null,
        ConditionKind.IfPresent => head is not null,
        _ => true,
    };
}

/// <summary>What is true when a change is asked for.</summary>
/// <param name="Now">Cluster time in microseconds.</param>
/// <param name="Policy">The region's.</param>
/// <param name="TagsGood">No tag of the present content was raised since it was born.</param>
/// <param name="TagHead">The tag log's head.</param>
/// <param name="TagGeneration">The tag log's generation.</param>
/// <param name="Draw">Uniform in [0, 1).</param>
internal readonly record struct ChangeContext(long Now, RegionPolicy Policy, bool TagsGood, long TagHead, long TagGeneration, double Draw);

/// <summary>How a change was judged. <c>default</c> is a condition that failed where nothing is there.</summary>
internal readonly record struct ChangeVerdict
{
    public bool Accepted { get; init; }

    /// <summary>What to wait for; null when there is nothing to wait for.</summary>
    public PendingChange? Change { get; init; }
    public long Version { get; init; }
    public bool Existed { get; init; }
}
