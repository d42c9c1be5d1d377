using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Whose turn it is to write to a key's origin, and who waits for one, in the order in which they came. Not thread-safe.</summary>
internal sealed class WriterLine
{
    private readonly List<OriginWriter> _waiting = [];

    /// <summary>Who has the turn; nobody waits while there is none.</summary>
    public OriginWriter? Current { get; private set; }

    public OriginWriter? Find(Guid operationId) =>
        Current?.OperationId == operationId ? Current : _waiting.Find(writer => writer.OperationId == operationId);

    public void Join(OriginWriter writer)
    {
        if (Current is not null)
            _waiting.Add(writer);
        else
            (Current = writer).Come();
    }

    /// <summary>One who waits gives it up.</summary>
    public void Leave(OriginWriter writer) => _waiting.Remove(writer);

    /// <summary>The turn is over: the next in line has it, whoever asks just then.</summary>
    public void End()
    {
        Current!.End();
        Current = null;
        if (_waiting is not [var next, ..])
            return;
        _waiting.RemoveAt(0);
        (Current = next).Come();
    }
}

/// <summary>One write to the origin, from its place in the line to the end of its turn.</summary>
/// <param name="operationId">Names the turn: to its holder, and in the store to a later owner.</param>
/// <param name="invalidates">Tags of what the write makes out of date.</param>
internal sealed class OriginWriter(Guid operationId, ImmutableArray<string> invalidates)
{
    private readonly TaskCompletionSource _comes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Guid OperationId => operationId;

    public ImmutableArray<string> Invalidates { get; } = invalidates.IsDefault ? [] : invalidates;

    /// <summary>Calls that wait for it to come, repetitions included.</summary>
    public int Waiting { get; set; }

    /// <summary>Ends when the turn comes.</summary>
    public Task Comes => _comes.Task;

    /// <summary>Ends when the store knows of the turn, so that the origin may be asked, or when it cannot be; null before the turn has come.</summary>
    public Task<OriginWriteReply>? Beginning { get; set; }

    /// <summary>In cluster time; 0 before it has begun.</summary>
    public long LeaseUntil { get; set; }

    /// <summary>How many changes the entry had seen when the turn began: another one ends it with no value.</summary>
    public int Changes { get; set; }

    public Task Done => _done.Task;

    public void Come() => _comes.TrySetResult();

    public void End() => _done.TrySetResult();
}
