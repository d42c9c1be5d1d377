namespace OrleansCache;

/// <summary>The result of a flight.</summary>
/// <param name="Reply">The owner's reply, or one made from what the factory returned.</param>
/// <param name="Value">The first caller's own object; others decode theirs from the reply unless the type is immutable.</param>
internal readonly record struct Landing<T>(ReadReply Reply, T? Value)
{
    /// <summary>True when a caller that came while it was under way may not have it: a change may lie between.</summary>
    public bool FirstOnly { get; init; }

    /// <summary>True when everybody had left before there was an answer: who joined just then begins anew.</summary>
    public bool IsNowhere { get; private init; }

    /// <summary>An owner's reply. One of a strict region, and what was loaded before a change, is for those who asked before it.</summary>
    public static Landing<T> Of(in ReadReply reply, T? value) =>
        new(reply, value) { FirstOnly = reply.Strict || (reply.Status is ReadStatus.Loaded or ReadStatus.Joined && !reply.Stored) };

    public static Landing<T> Nowhere => new() { IsNowhere = true };

    /// <summary>True for a caller that came while it was under way.</summary>
    public bool Joined { get; init; }
}

/// <summary>For flights that end in bytes.</summary>
internal readonly record struct Nothing;
