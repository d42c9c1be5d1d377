namespace OrleansCache;

/// <summary>The result of a flight.</summary>
/// <param name="Reply">The owner's reply, or one made from what the factory returned.</param>
/// <param name="Value">The first caller's own object; others decode theirs from the reply unless the type is immutable.</param>
internal readonly record struct Landing<T>(ReadReply Reply, T? Value)
{
    /// <summary>Who came later than this may not have it: a change may have been acknowledged before they came. On this process's clock.</summary>
    public long Until { get; init; } = long.MaxValue;

    /// <summary>True when everybody had left before there was an answer: who joined just then begins anew.</summary>
    public bool IsNowhere { get; private init; }

    /// <summary>An owner's answer, for those who came before the owner decided it.</summary>
    public static Landing<T> Of(in Answer answer, T? value) => new(answer.Reply, value) { Until = answer.DecidedAt };

    /// <summary>For who began the flight, and nobody who joined it.</summary>
    public static Landing<T> ForFirst(in ReadReply reply, T? value) => new(reply, value) { Until = long.MinValue };

    public static Landing<T> Nowhere => new() { IsNowhere = true };

    /// <summary>True for a caller that came while it was under way.</summary>
    public bool Joined { get; init; }
}

/// <summary>For flights that end in bytes.</summary>
internal readonly record struct Nothing;
