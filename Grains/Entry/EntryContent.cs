using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One value of a key with what only its owner needs to know. Immutable.</summary>
internal sealed record EntryContent
{
    public required EntryValue Value
    {
        get;
        init => (field, TagHashes) = (value, TagHash.Of(value.Tags));
    }

    /// <summary>The value's tags as the tag log knows them.</summary>
    public ulong[] TagHashes { get; private init; } = [];

    /// <summary>The change that made it; a repetition of that call is answered from here.</summary>
    public Guid OperationId { get; init; }

    /// <summary>The generation of the tag log that <see cref="EntryValue.Born"/> counts in.</summary>
    public long LogGeneration { get; init; }

    /// <summary>Microseconds by which a read moves the end of fresh time; 0 for none.</summary>
    public long SlidingSpan { get; init; }

    /// <summary>Sliding entries: the end of fresh time as it was last given to the store.</summary>
    public long SavedFreshUntil { get; init; }

    /// <summary>True once its clocks moved: the store must not take it for the write that it already has.</summary>
    public bool IsRenewed { get; init; }

    /// <summary>True when a value was there before.</summary>
    public bool Replaced { get; init; }
    public string? OriginETag { get; init; }
    public string? OriginLastModified { get; init; }

    /// <summary>The origin's version from before its load began; null for a write, and for a load that asked for none.</summary>
    public string? OriginVersion { get; init; }

    /// <summary>One string for all entries of a type, not one an entry.</summary>
    public static string? Shared(string? text) => text is null ? null : string.IsInterned(text) ?? text;

    public ImmutableArray<string> Tags => Value.Tags;
    public long Version => Value.Version;
}
