using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The door to the tag log for clients. Reentrant, so that raises that come together share a number.</summary>
[Reentrant, GrainType("oc.tags")]
internal sealed class TagGrain(ITagLog log) : Grain, ITagGrain
{
    public ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken = default) => log.RaiseAsync(tags, cancellationToken);
}
