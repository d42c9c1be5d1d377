namespace OrleansCache;

/// <summary>Raises need no store when the entries have none: a number to count with.</summary>
internal sealed class MemoryTagStore : ITagStore
{
    private readonly long _generation = Random.Shared.NextInt64(1, long.MaxValue);
    private long _head;

    public ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken)
    {
        IReadOnlyList<TagRaise> raises = append.Tags.Length == 0 ? [] : [new(++_head, append.Tags)];
        return new(new TagChanges(_generation, Floor: 0, _head, raises));
    }
}
