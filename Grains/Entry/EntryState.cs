using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>All that an owner knows of one key. A value: the rules take one and give the next. Instants are microseconds of cluster time.</summary>
internal readonly record struct EntryState
{
    /// <summary>What readers see; null when nothing is there.</summary>
    public EntryContent? Content { get; init; }
    public long FreshUntil { get; init; }
    public long StaleUntil { get; init; }

    /// <summary>The highest version ever given or read, those of removals and of failed writes included.</summary>
    public long LastVersion { get; init; }

    /// <summary>Counts published changes that no load made: a load that began at another count is too old.</summary>
    public int Changes { get; init; }

    /// <summary>Counts the loads of this activation.</summary>
    public int Loads { get; init; }

    /// <summary>How far the key has heard its source; null when it has none.</summary>
    public SourceMark? Heard { get; init; }

    /// <summary>Eager refreshes since the last read.</summary>
    public int Unread { get; init; }

    public StoreKnowledge Stored { get; init; }

    /// <summary>A write whose end is unknown may still arrive: nothing rests on the store having nothing before a newer one is there.</summary>
    public bool MayArrive { get; init; }

    /// <summary>True once this activation has given a version: later ones count on by one.</summary>
    public bool Stamped { get; init; }

    /// <summary>True when the store shall still get what memory has.</summary>
    public bool Unflushed { get; init; }

    /// <summary>What is under way; null when nothing is.</summary>
    public EntryWork? Work { get; init; }

    public ImmutableArray<PendingChange> Queued => Work?.Queued ?? [];

    public bool IsIdle => Work is null or { Load: null, Job: null, Queued.IsEmpty: true };

    public EntryState With(EntryWork work) => this with { Work = work.IsEmpty ? null : work };
}

/// <summary>What an entry has only while something is under way, or shortly after. Immutable.</summary>
internal sealed record EntryWork
{
    public static EntryWork None { get; } = new();

    /// <summary>The load that readers join.</summary>
    public LoadLease? Load { get; init; }

    /// <summary>Accepted changes that wait for the store, oldest first.</summary>
    public ImmutableArray<PendingChange> Queued { get; init; } = [];

    /// <summary>The store operation in flight.</summary>
    public StoreJob? Job { get; init; }
    public LoadFailure? Failure { get; init; }

    /// <summary>Changes before the last one.</summary>
    public PastOperations Past { get; init; }

    public bool IsEmpty => Load is null && Queued.IsEmpty && Job is null && Failure is null && Past.IsEmpty;
}

/// <summary>What is known of the stored record.</summary>
internal enum StoreKnowledge : byte
{
    /// <summary>Not read, or a write's end is unknown: it is read before the next change is judged.</summary>
    Unread = 0,

    /// <summary>Nothing there that a restart could serve.</summary>
    Nothing = 1,

    /// <summary>A value that a restart would serve.</summary>
    Clean = 2,

    /// <summary>A mark: after a crash the answer is a miss.</summary>
    Dirty = 3,
}
