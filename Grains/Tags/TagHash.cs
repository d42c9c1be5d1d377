using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Tags as the tag log knows them: by hash. Two tags of one hash are raised together, which invalidates too much, never too little.</summary>
internal static class TagHash
{
    public static ulong Of(string tag) => RoutingHash.Of(tag);

    public static ulong[] Of(ImmutableArray<string> tags)
    {
        if (tags.IsDefaultOrEmpty)
            return [];
        var hashes = new ulong[tags.Length];
        for (var i = 0; i < hashes.Length; i++)
            hashes[i] = RoutingHash.Of(tags[i]);
        return hashes;
    }
}
