namespace OrleansCache;

/// <summary>When a write shall happen. <c>default</c> is always.</summary>
public readonly record struct WriteCondition
{
    internal ConditionKind Kind { get; private init; }
    internal long Version { get; private init; }

    /// <summary>Only if the key has this version now.</summary>
    public static WriteCondition IfVersion(long version) => new() { Kind = ConditionKind.IfVersion, Version = version };

    /// <summary>Only if the key has no value now.</summary>
    public static WriteCondition IfAbsent { get; } = new() { Kind = ConditionKind.IfAbsent };

    /// <summary>Only if the key has a value now.</summary>
    public static WriteCondition IfPresent { get; } = new() { Kind = ConditionKind.IfPresent };
}
