namespace OrleansCache;

/// <summary>What changed between the last two values of a key.</summary>
public sealed record CacheDifference
{
    /// <summary>The version before; 0 when <see cref="Unknown"/> says why there is none.</summary>
    public long From { get; init; }

    /// <summary>The version now; 0 for none.</summary>
    public long To { get; init; }

    /// <summary>The places that changed, at most 100. The order of members and the spelling of numbers do not count, the order of an array does.</summary>
    public IReadOnlyList<CacheDifferencePlace> Changes { get; init; } = [];

    /// <summary>True when there are more than these.</summary>
    public bool HasMore { get; init; }

    /// <summary>Why nothing can be told; null when it can.</summary>
    public string? Unknown { get; init; }

    internal static CacheDifference Of(ValueDifference found) => new()
    {
        From = found.From,
        To = found.To,
        Changes = [.. found.Changes.Select(static change => new CacheDifferencePlace(change.Path, KindOf(change.Kind), change.Old, change.New))],
        HasMore = found.HasMore,
        Unknown = found.Unknown,
    };

    private static string KindOf(ValueChangeKind kind) => kind switch
    {
        ValueChangeKind.Added => "added",
        ValueChangeKind.Removed => "removed",
        _ => "changed",
    };
}

/// <summary>One place that changed.</summary>
/// <param name="Path">A JSON Pointer (RFC 6901); empty for the whole value.</param>
/// <param name="Kind"><c>changed</c>, <c>added</c> or <c>removed</c>.</param>
/// <param name="Old">The JSON that was there, at most 200 characters of it; null for nothing.</param>
/// <param name="New">The JSON that is there, likewise.</param>
public sealed record CacheDifferencePlace(string Path, string Kind, string? Old, string? New);
