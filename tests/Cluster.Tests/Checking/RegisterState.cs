using System.Runtime.InteropServices;

namespace OrleansCache.Cluster;

/// <summary>How far one possible order of the calls has come.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RegisterState
{
    /// <summary>Of the last change; the least possible one while <see cref="IsLoose"/>.</summary>
    public long Version { get; init; }

    public bool HasValue { get; init; }

    /// <summary>The last change's version is not known: this or any higher one below the next known change.</summary>
    public bool IsLoose { get; init; }

    /// <summary>How many of the changes with known versions have happened; they happen in the order of their versions.</summary>
    public int Numbered { get; init; }

    /// <summary>What has been used of the changes that nobody saw.</summary>
    public Unseen Used { get; init; }

    /// <summary>Which of the open steps have happened, by place.</summary>
    public UInt128 Done { get; init; }

    public bool Meets(Step step) => step.Needs switch
    {
        Needs.Value => HasValue,
        Needs.Absence => !HasValue,
        Needs.Version => HasValue && Version == step.Expected && !IsLoose,
        _ => true,
    };

    /// <summary>
    /// Whatever can follow the other can follow this: the same register, no less done of what must be, no more used of what need not. A change
    /// that is still to come can do what one that is done cannot: of those the same must be done.
    /// </summary>
    public bool Covers(in RegisterState other, UInt128 mustHappen, UInt128 changes) =>
        ((Done ^ other.Done) & changes) == 0 && Version == other.Version && HasValue == other.HasValue && IsLoose == other.IsLoose && Numbered == other.Numbered && Used.IsWithin(other.Used)
        && (other.Done & mustHappen & ~Done) == 0 && (Done & ~mustHappen & ~other.Done) == 0;

    /// <summary>After a change whose version nobody knows.</summary>
    public RegisterState Changed(bool hasValue, in Unseen used) => this with { Version = Version + 1, IsLoose = true, HasValue = hasValue, Used = used };
}

/// <summary>Counts of changes without an answer whose effect nobody saw. Those of one kind can stand for each other.</summary>
/// <param name="Writes">Without a condition.</param>
/// <param name="IfAbsent">Writes that need absence.</param>
/// <param name="IfPresent">Writes that need a value.</param>
/// <param name="Removals">Without a condition.</param>
/// <param name="Raises">Of the key's tag.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Unseen(int Writes, int IfAbsent, int IfPresent, int Removals, int Raises)
{
    public bool IsWithin(in Unseen other) =>
        Writes <= other.Writes && IfAbsent <= other.IfAbsent && IfPresent <= other.IfPresent && Removals <= other.Removals && Raises <= other.Raises;

    public Unseen Plus(Step step) => (step.Change, step.Needs) switch
    {
        (false, _) when step.IsRaise => this with { Raises = Raises + 1 },
        (false, _) => this with { Removals = Removals + 1 },
        (_, Needs.Absence) => this with { IfAbsent = IfAbsent + 1 },
        (_, Needs.Value) => this with { IfPresent = IfPresent + 1 },
        _ => this with { Writes = Writes + 1 },
    };

    /// <summary>Uses a write where nothing is, one that could not be used elsewhere first; null when none is left of those that began.</summary>
    public Unseen? Writing(in Unseen begun) =>
        IfAbsent < begun.IfAbsent ? this with { IfAbsent = IfAbsent + 1 } : Writes < begun.Writes ? this with { Writes = Writes + 1 } : null;

    /// <summary>The same where a value is.</summary>
    public Unseen? Replacing(in Unseen begun) =>
        IfPresent < begun.IfPresent ? this with { IfPresent = IfPresent + 1 } : Writes < begun.Writes ? this with { Writes = Writes + 1 } : null;

    public Unseen? Raising(in Unseen begun) => Raises < begun.Raises ? this with { Raises = Raises + 1 } : null;

    public Unseen? Removing(in Unseen begun) => Removals < begun.Removals ? this with { Removals = Removals + 1 } : null;
}
