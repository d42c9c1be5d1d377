namespace OrleansCache;

/// <summary>Where raises are kept: a list capped at <see cref="Capacity"/>, whose last number never falls.</summary>
internal interface ITagStore
{
    /// <summary>Raises kept; older ones sink into the floor.</summary>
    const int Capacity = 1 << 16;

    /// <summary>
    /// Appends a raise of the tags under the next number, or nothing when there are none, and returns what came after
    /// <paramref name="head"/>, this raise included. A store that has not got as far as <paramref name="head"/> lost raises: it begins a
    /// new generation, and goes on above the head.
    /// </summary>
    /// <param name="head">The last number that the caller knows.</param>
    /// <param name="tags">Hashes, distinct.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The store can't be reached.</exception>
    ValueTask<TagChanges> AppendAsync(long head, ulong[] tags, CancellationToken cancellationToken);
}

/// <summary>What the log has that the asker does not know.</summary>
/// <param name="Generation">Never 0.</param>
/// <param name="Floor">Raises up to this number are not listed; 0 when none is missing.</param>
/// <param name="Head">The number of the last raise, 0 for none.</param>
/// <param name="Raises">By number, ascending.</param>
internal readonly record struct TagChanges(long Generation, long Floor, long Head, IReadOnlyList<TagRaise> Raises);

/// <summary>One raise: its number, and the hashes of the tags that it hit.</summary>
internal readonly record struct TagRaise(long Number, ulong[] Tags);
