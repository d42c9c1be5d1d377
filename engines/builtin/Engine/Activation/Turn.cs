namespace OrleansCache.Engine;

/// <summary>Work that must wait its turn: a request, or a tick of a timer.</summary>
[BuiltinOnly]
public abstract class Turn
{
    internal Turn() { }

    /// <summary>Starts whatever else the grain is doing.</summary>
    internal abstract bool Interleaves { get; }

    /// <summary>True once nobody waits for it any more, so that it need not start.</summary>
    internal abstract bool IsExpired { get; }

    /// <summary>Counts as use of the grain.</summary>
    internal virtual bool KeepsAlive => true;

    /// <summary>Runs inside the queue's scheduler and calls <see cref="TurnQueue.Ended"/> when all is done. Never throws.</summary>
    internal abstract void Run(TurnQueue queue);

    /// <summary>Ends it without having run.</summary>
    internal abstract void Refuse(Exception error);
}
