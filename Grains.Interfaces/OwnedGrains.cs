using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The grains of which a cluster has one for each key, where its view places the key. All others are every silo's own.</summary>
internal static class OwnedGrains
{
    public const string Entry = "oc.entry";
    public const string Limiter = "oc.limiter";

    public const string Roster = "oc.roster";

    /// <summary>Of each integration: who asks again how a write ended must come to where it was begun.</summary>
    public const string Writer = "oc.origin";

    /// <summary>One for each call that is made for many keys.</summary>
    public const string Batch = "oc.batch";

    /// <summary>One for each tag that is raised once for many who ask.</summary>
    public const string Debounce = "oc.debounce";

    /// <summary>Not one for each key: asked by way of one, a silo speaks for itself.</summary>
    public const string Proof = "oc.proof";

    public static ImmutableArray<string> All { get; } = [Entry, Limiter, Roster, Writer, Batch, Debounce, Proof];

    /// <param name="grainType">A grain type's name.</param>
    public static bool Has(string? grainType) => grainType is Entry or Limiter or Roster or Writer or Batch or Debounce or Proof;
}
