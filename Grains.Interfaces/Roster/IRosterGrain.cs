using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>A part of the keys of an integration that are refreshed with nobody asking, so that a start or a move finds them. The grain's key is the integration's name and the number of the part.</summary>
[Alias("oc.roster")]
internal interface IRosterGrain : IGrainWithStringKey
{
    [Alias("list")]
    ValueTask<ImmutableArray<string>> ListAsync();

    /// <summary>Durable when it returns. Adding what is there and removing what is not change nothing.</summary>
    [Alias("change")]
    ValueTask ChangeAsync(ImmutableArray<string> added, ImmutableArray<string> removed);
}
