namespace OrleansCache;

/// <summary>A reply by the view that its silo goes by.</summary>
internal interface IOwnersReply
{
    /// <summary>The view's number; 0 when it is not known.</summary>
    long View { get; }

    /// <summary>True when the silo does not own what was asked for: it did nothing, and another is to be asked.</summary>
    bool IsRefusal { get; }

    /// <summary>True when the caller waits for its turn: a wait that is not counted.</summary>
    bool IsInLine => false;
}
