using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The door to the tag log for clients. Reentrant, so that raises that come together share a number.</summary>
[Reentrant, GrainType("oc.tags")]
internal sealed class TagGrain(ITagLog log) : Grain, ITagGrain
{
    /// <exception cref="SiloUnavailableException">The store is away: a raise may be repeated, here or elsewhere.</exception>
    public async ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken = default)
    {
        try
        {
            return await log.RaiseAsync(tags, cancellationToken);
        }
        catch (StoreUnavailableException away)
        {
            throw new SiloUnavailableException(away.Message);
        }
    }
}
