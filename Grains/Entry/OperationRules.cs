using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>
/// Which changes are remembered, in memory and in the store, so that a write whose answer was lost can be repeated: also to a later owner,
/// and after other writes.
/// </summary>
internal static class OperationRules
{
    /// <summary>How many changes before the last one are remembered.</summary>
    public const int MaxKnown = 8;

    /// <summary>How long, in microseconds: longer than any caller repeats.</summary>
    public static readonly long Kept = EntryLifetimes.FromSpan(OperationLimits.Remembered);

    /// <summary>The change that an operation made, if it is remembered: pending, or accepted with its version.</summary>
    public static (PendingChange? Pending, PastOperation? Past) Find(in EntryState state, Guid operationId)
    {
        if (operationId == Guid.Empty)
            return default;
        if (state.Work is { } work)
        {
            foreach (var change in work.Queued)
                if (change.OperationId == operationId)
                    return (change, null);
            foreach (var change in work.Job?.Batch ?? [])
                if (change.OperationId == operationId)
                    return (change, null);
            foreach (var past in work.Past.Span)
                if (past.Id == operationId)
                    return (null, past);
        }

        return state.Content is { } content && content.OperationId == operationId ? (null, Of(content)) : default;
    }

    /// <summary>True when an operation that is not found may have been accepted all the same, at a time from which it may be repeated.</summary>
    public static bool MayHaveForgotten(in EntryState state, long now) => state.Work is { Past.ForgottenAt: > 0 and var at } && now - at < Kept;

    /// <summary>What is remembered once the batch is published. Its last change, when it is a value, remembers itself.</summary>
    public static PastOperations After(in EntryState state, ImmutableArray<PendingChange> batch, long now)
    {
        var last = batch[^1];
        var past = state.Work?.Past ?? default;
        var recent = new Recent(stackalloc PastOperation[MaxKnown], past.ForgottenAt, now);
        foreach (var known in past.Span)
            recent.Add(known);
        if (state.Content is { } replaced && replaced.OperationId != last.Content?.OperationId)
            recent.Add(Of(replaced));
        foreach (var change in batch.AsSpan(0, last.Content is null ? batch.Length : batch.Length - 1))
            recent.Add(new(change.OperationId, change.Version, change.Existed, change.At));
        return recent.ToPast();
    }

    /// <summary>What a stored record says of the changes up to it, its own included unless it is the content that readers see.</summary>
    public static PastOperations Of(EntryRecord record, bool isContent, long now)
    {
        if (record.Dirty)
            return new([], now);        // the mark says that there were changes, not which
        var recent = new Recent(stackalloc PastOperation[MaxKnown], record.Past.ForgottenAt, now);
        foreach (var known in record.Past.Span)
            recent.Add(known);
        if (!isContent && record.OperationId != Guid.Empty)
            recent.Add(new(record.OperationId, record.Version, Existed: true, now));
        return recent.ToPast();
    }

    private static PastOperation Of(EntryContent content) => new(content.OperationId, content.Version, content.Replaced, content.Value.LastRetrieved);

    /// <summary>The last changes that may be repeated, as far as there is room; of the others the time.</summary>
    private ref struct Recent(Span<PastOperation> room, long forgottenAt, long now)
    {
        private readonly Span<PastOperation> _room = room;
        private long _forgottenAt = forgottenAt;
        private int _count;

        public void Add(in PastOperation operation)
        {
            if (now - operation.At >= Kept)
                return;
            if (_count == _room.Length)
            {
                _forgottenAt = Math.Max(_forgottenAt, _room[0].At);
                _room[1..].CopyTo(_room);
                _count--;
            }
            _room[_count++] = operation;
        }

        public readonly PastOperations ToPast() => new([.. _room[.._count]], _forgottenAt);
    }
}
