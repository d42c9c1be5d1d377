using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>How far a silo knows the log. <c>default</c> is not at all.</summary>
/// <param name="Generation">Never 0 in a log.</param>
/// <param name="Number">Of the last raise that is known, 0 for none.</param>
/// <param name="Stamp">What sets that raise apart from any other that had its number.</param>
internal readonly record struct TagPosition(long Generation, long Number, long Stamp);

/// <summary>What a silo tells the log and asks of it, in one step.</summary>
/// <param name="Known">How far it has taken up the log.</param>
/// <param name="Ahead">A number of the same generation that was seen in a record: the log must have got as far.</param>
/// <param name="Tags">Hashes to raise, distinct.</param>
internal readonly record struct TagAppend(TagPosition Known, long Ahead, ulong[] Tags)
{
    /// <summary>Leases that were waited out; one that was not renewed since is dropped.</summary>
    public ImmutableArray<TagReader> Gone { get; init; } = [];

    /// <summary>A beginning that was waited out, 0 for none.</summary>
    public long WaitedOut { get; init; }

    /// <summary>The answer need not list the others' leases, which make it longer the more silos there are.</summary>
    public bool IsShort { get; init; }
}

/// <summary>What the log has that the asker does not know.</summary>
/// <param name="Generation">Never 0.</param>
/// <param name="Floor">Raises up to this number are not listed; 0 when none is missing.</param>
/// <param name="Head">The number of the last raise, 0 for none.</param>
/// <param name="Raises">By number, ascending.</param>
internal sealed record TagChanges(long Generation, long Floor, long Head, IReadOnlyList<TagRaise> Raises)
{
    /// <summary>Of the last raise listed, 0 for none.</summary>
    public long Stamp { get; init; }

    /// <summary>Another after each loss that the leases on the log may have had a part in.</summary>
    public long Beginning { get; init; }

    /// <summary>Since the beginning nobody has waited a whole lease yet: a silo that the log does not know of may still have one.</summary>
    public bool WaitsOut { get; init; }

    /// <summary>The leases of all other silos; <c>default</c> for a short answer.</summary>
    public ImmutableArray<TagReader> Others { get; init; } = [];
}

/// <summary>One raise: its number, and the hashes of the tags that it hit.</summary>
internal readonly record struct TagRaise(long Number, ulong[] Tags);

/// <summary>A silo's lease on the log.</summary>
/// <param name="Id">New for every start of a process.</param>
/// <param name="Counter">Another after each renewal.</param>
/// <param name="Known">The last number that the silo is known to have taken up, in the log's present generation.</param>
internal readonly record struct TagReader(Guid Id, long Counter, long Known)
{
    /// <summary>The counter of a lease that was not looked at since a beginning, after which counters come again: no lease has it.</summary>
    public const long Unseen = -1;
}
