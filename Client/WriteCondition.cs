namespace OrleansCache;

/// <summary>When a write shall happen. <c>default</c> is always.</summary>
public readonly record struct WriteCondition
{
    private const int MaxSourceLength = 256;

    internal ConditionKind Kind { get; private init; }
    internal long Version { get; private init; }
    internal string? Source { get; private init; }

    /// <summary>Only if the key has this version now.</summary>
    public static WriteCondition IfVersion(long version) => new() { Kind = ConditionKind.IfVersion, Version = version };

    /// <summary>Only if the key has no value now.</summary>
    public static WriteCondition IfAbsent { get; } = new() { Kind = ConditionKind.IfAbsent };

    /// <summary>Only if the key has had no change of this source with this sequence or a later one: late and repeated events change nothing.</summary>
    /// <param name="source">Who counts: a table, a topic, a service; 1 to 256 characters. A key knows the last source it heard of.</param>
    /// <param name="sequence">Grows with every event that the source sends of the key; 0 or more.</param>
    /// <exception cref="ArgumentException">The source is empty or too long, or the sequence is negative.</exception>
    /// <remarks>
    /// What a key heard is kept with its value, and a day beyond value and removal. Whatever the region's durability, unless it is
    /// <c>None</c>, the change is in the store when it is acknowledged.
    /// </remarks>
    public static WriteCondition IfNewerSource(string source, long sequence)
    {
        if (string.IsNullOrWhiteSpace(source))
            throw new ArgumentException("source is empty; name who counts the sequence, such as a table or a topic.", nameof(source));
        if (source.Length > MaxSourceLength)
            throw new ArgumentException($"source has {source.Length} characters; use at most {MaxSourceLength}.", nameof(source));
        if (sequence < 0)
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"sequence is {sequence}; it grows from 0.");
        return new() { Kind = ConditionKind.IfNewerSource, Version = sequence, Source = source };
    }

    /// <summary>Only if the key has a value now.</summary>
    public static WriteCondition IfPresent { get; } = new() { Kind = ConditionKind.IfPresent };
}
