using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What the store gets and when, and what its answer publishes.</summary>
internal static class StoreRules
{
    /// <summary>The next operation, at most one at a time; null when there is nothing to do.</summary>
    /// <param name="state">The entry.</param>
    /// <param name="policy">The region's.</param>
    /// <param name="epoch">The owner epoch.</param>
    /// <param name="flush">True when what is published and not in the store shall go there now.</param>
    /// <param name="now">Cluster time in microseconds.</param>
    public static (EntryState State, StoreJob? Job) Next(in EntryState state, RegionPolicy policy, long epoch, bool flush, long now)
    {
        if (state.Work?.Job is not null)
            return (state, null);
        if (state.Queued is [.., var last])
            return Started(state, BatchOf(state, last, policy.Durability, epoch, now));
        if (!flush || !state.Unflushed || state.Content is null || policy.Durability == Durability.None || state.Stored == StoreKnowledge.Unread)
            return (state, null);
        var record = Records.Of(state.Content, state.FreshUntil, state.StaleUntil, epoch).Telling(state.Heard) with { Past = state.Work?.Past ?? default, UnreadCount = state.Unread };
        return Started(state with { Unflushed = false }, new() { Kind = StoreJobKind.Flush, Record = record });
    }

    /// <summary>The operation is done: its batch is published, newest last.</summary>
    public static EntryState Done(in EntryState state, Durability durability)
    {
        var (job, work) = (state.Work!.Job!, state.Work! with { Job = null });
        if (job.Kind == StoreJobKind.Flush)
            return (state with { Stored = StoreKnowledge.Clean, MayArrive = false }).With(work);

        var last = job.Batch[^1];
        var next = (state with
        {
            // A doubt changes nothing: what moved the clocks while the store wrote stands.
            Content = last.IsDoubt ? state.Content : last.Content,
            FreshUntil = last.IsDoubt ? state.FreshUntil : last.FreshUntil,
            StaleUntil = last.IsDoubt ? state.StaleUntil : last.StaleUntil,
            Heard = last.Heard,
            Stored = job.Kind switch
            {
                StoreJobKind.Value => StoreKnowledge.Clean,
                StoreJobKind.Removal => StoreKnowledge.Nothing,
                StoreJobKind.Mark => StoreKnowledge.Dirty,
                _ => state.Stored,
            },
            MayArrive = state.MayArrive && job.Record is null,
            Unflushed = last.Content is not null && (last.IsDoubt || (durability == Durability.Behind && job.Kind is StoreJobKind.Mark or StoreJobKind.Nothing)),
        }).With(work with
        {
            Load = Settled(work.Load, job.Batch),
            Failure = null,
            Past = job.Past,
        });
        return job.Batch.Any(static c => c.Load == 0) ? ChangeRules.Fence(next) : next;
    }

    /// <summary>The operation failed: its batch and what was judged against it fail, and what was published stays.</summary>
    /// <param name="state">The entry.</param>
    /// <param name="maybeApplied">The store may have it all the same: it is read before the next change is judged.</param>
    public static (EntryState State, ImmutableArray<PendingChange> Failed) Failed(in EntryState state, bool maybeApplied)
    {
        var (job, work) = (state.Work!.Job!, state.Work! with { Job = null });
        var failed = job.Batch.AddRange(work.Queued);
        var next = state with
        {
            Stored = maybeApplied ? StoreKnowledge.Unread : state.Stored,
            MayArrive = state.MayArrive || (maybeApplied && job.Record is not null),
            Unflushed = state.Unflushed || job.Kind == StoreJobKind.Flush,
        };
        return (next.With(work with { Queued = [], Load = Settled(work.Load, failed) }), failed);
    }

    /// <summary>Takes up what the store holds: at the first turn, and after a write whose end was unknown.</summary>
    public static EntryState Adopt(in EntryState state, EntryRecord? record, long now)
    {
        var nothing = state.MayArrive ? StoreKnowledge.Clean : StoreKnowledge.Nothing;
        if (record is null)
            return state with { Stored = nothing, Unflushed = state.Content is not null };

        var newer = record.Version > (state.Content?.Version ?? 0);
        var next = state with { LastVersion = Math.Max(state.LastVersion, record.Version), Heard = newer ? Records.HeardOf(record) : state.Heard, Unread = newer ? record.UnreadCount : state.Unread };
        var isContent = record.Kind is RecordKind.Value or RecordKind.Absent && !record.Dirty && now < record.StaleUntil;
        if (newer)
            next = next.With((next.Work ?? EntryWork.None) with { Past = OperationRules.Of(record, isContent, now) });
        switch (record.Kind)
        {
            case RecordKind.Removed:
                next = next with { Stored = nothing, Content = newer ? null : state.Content, Unflushed = !newer && state.Content is not null };
                return newer ? ChangeRules.Fence(next) : next;
            case RecordKind.Value or RecordKind.Absent when record.Dirty:
                // Flushing an older version than the mark's would be refused: memory keeps it, a restart misses.
                return next with { Stored = state.MayArrive ? StoreKnowledge.Clean : StoreKnowledge.Dirty, Unflushed = !newer && state.Content is not null };
            case RecordKind.Value or RecordKind.Absent when isContent:
                return newer
                    ? ChangeRules.Fence(next) with
                    {
                        Stored = StoreKnowledge.Clean,
                        Content = Records.ContentOf(record),
                        FreshUntil = record.FreshUntil,
                        StaleUntil = record.StaleUntil,
                        Unflushed = false,
                    }
                    : next with { Stored = StoreKnowledge.Clean, Unflushed = state.Content is not null };
            default:
                return next with { Stored = nothing, Unflushed = state.Content is not null };
        }
    }

    /// <summary>The mark of the turn to write to the origin that an earlier owner gave and that may go on; null for none.</summary>
    public static EntryRecord? TurnOf(in EntryState state, EntryRecord? record) =>
        state.LastVersion == 0 && record is { Dirty: true } && record.OperationId != Guid.Empty ? record : null;

    private static StoreJob BatchOf(in EntryState state, PendingChange last, Durability durability, long epoch, long now)
    {
        var batch = state.Queued;
        var removes = batch.Any(static c => c.Content is null);
        var kind = last.IsDoubt ? StoreJobKind.Mark
            : last.Content is null ? StoreJobKind.Removal
            : durability == Durability.Through || (durability == Durability.Behind && batch.Any(static c => c.IsEvent)) ? StoreJobKind.Value
            : durability == Durability.None ? removes ? StoreJobKind.Removal : StoreJobKind.Nothing
            : state.Stored is StoreKnowledge.Nothing or StoreKnowledge.Dirty ? StoreJobKind.Nothing
            : batch.Any(static c => c.Load == 0) ? StoreJobKind.Mark
            : state.Stored == StoreKnowledge.Clean ? StoreJobKind.Value
            : StoreJobKind.Nothing;
        var past = last.IsDoubt ? state.Work?.Past ?? default : OperationRules.After(state, batch, now);
        return new()
        {
            Kind = kind,
            Batch = batch,
            Past = past,
            Record = kind switch
            {
                StoreJobKind.Value => Records.Of(last.Content!, last.FreshUntil, last.StaleUntil, epoch).Telling(last.Heard) with { Past = past, UnreadCount = state.Unread },
                StoreJobKind.Removal => Records.Removed(last.OperationId, last.Version, epoch, now).Telling(last.Heard) with { Past = past },
                StoreJobKind.Mark => Records.Mark(last.Turn, last.Invalidates, last.Version, epoch, now).Telling(last.Heard),
                _ => null,
            },
        };
    }

    private static (EntryState State, StoreJob Job) Started(in EntryState state, StoreJob job) =>
        (state.With((state.Work ?? EntryWork.None) with { Job = job, Queued = [] }), job);

    private static LoadLease? Settled(LoadLease? load, ImmutableArray<PendingChange> batch) =>
        load is null || batch.Any(c => c.Load == load.Number) ? null : load;
}
