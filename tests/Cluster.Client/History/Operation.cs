namespace OrleansCache.Cluster;

/// <summary>One call by one client on one key, and how it ended. Instants are ticks of the machine's monotonic clock, the same in all processes.</summary>
public record Operation
{
    /// <summary>Stands for an end that never came.</summary>
    public const long Never = long.MaxValue;

    public int Process { get; init; }

    /// <summary>Within the process; it has one call at a time.</summary>
    public int Worker { get; init; }

    public int Key { get; init; }

    public OperationKind Kind { get; init; }

    /// <summary>Under which condition a write was to happen.</summary>
    public Guard Guard { get; init; }

    /// <summary>The version that <see cref="Guard.IfVersion"/> names.</summary>
    public long Expected { get; init; }

    public long Begin { get; init; }

    public long End { get; init; } = Never;

    public Ending Ending { get; init; } = Ending.Unknown;

    /// <summary>What a write wrote or a read saw, unique for each write; 0 for nothing.</summary>
    public long Value { get; init; }

    /// <summary>Given to a change, or seen by a read or by a condition that did not hold; 0 for none or unknown.</summary>
    public long Version { get; init; }

    /// <summary>A removal found a value.</summary>
    public bool Existed { get; init; }

    /// <summary>Of the owner that answered; 0 when unknown.</summary>
    public long View { get; init; }

    public override string ToString() =>
        $"{Process}.{Worker} {Kind}{(Guard == Guard.None ? "" : $" {Guard} {Expected}")} key {Key}: {Ending}, value {Value}, version {Version}, existed {Existed}, view {View}, [{Begin} .. {(End == Never ? "never" : End)}]";
}

public enum OperationKind : byte
{
    Read = 0,
    Write = 1,
    Remove = 2,

    /// <summary>Of a tag: nothing of before is seen after it. See <see cref="TagRaise"/>.</summary>
    Raise = 3,
}

public enum Guard : byte
{
    None = 0,
    IfVersion = 1,
    IfAbsent = 2,
    IfPresent = 3,
}

public enum Ending : byte
{
    /// <summary>No answer: it may have happened, or may yet happen at any later time.</summary>
    Unknown = 0,

    /// <summary>It took place between begin and end.</summary>
    Ok = 1,

    /// <summary>The condition did not hold at some instant between begin and end.</summary>
    Refused = 2,

    /// <summary>The owner said that nothing was changed, or the read gave nothing.</summary>
    Failed = 3,
}
