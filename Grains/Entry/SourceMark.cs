namespace OrleansCache;

/// <summary>How far a key has heard its source.</summary>
/// <param name="Source">Who counts.</param>
/// <param name="Sequence">Of the last change that came from it.</param>
internal sealed record SourceMark(string Source, long Sequence)
{
    /// <summary>How long the store keeps it beyond the value, or the removal, that it came with.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>True when a change with this sequence of the source says something new. What another source said is no measure.</summary>
    public static bool IsNewer(SourceMark? heard, string? source, long sequence) => heard?.Source != source || sequence > heard!.Sequence;
}
