using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The door to the tag log for clients. Reentrant, so that raises that come together share a number.</summary>
[Reentrant, GrainType("oc.tags")]
internal sealed class TagGrain(ITagLog log, IOwnership ownership, TimeProvider time) : Grain, ITagGrain
{
    /// <exception cref="SiloUnavailableException">The store is away, or the silo was: a raise may be repeated, here or elsewhere.</exception>
    public async ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken = default)
    {
        LateRaise.Refuse(ownership);        // a silo that was paused finds it unread
        try
        {
            return await log.RaiseAsync(tags, cancellationToken);
        }
        catch (StoreUnavailableException away)
        {
            throw new SiloUnavailableException(away.Message);
        }
    }

    public async ValueTask<WatchReply> WatchAsync(string tag, WatchRequest request)
    {
        var hash = TagHash.Of(tag);
        var slice = Slice.Of(time, request.WaitMilliseconds);
        while (true)
        {
            // A watcher who knows more than the log has knows of one that was lost, and with it perhaps a raise.
            if (await log.ProveAsync(EntryLimits.Look, CancellationToken.None) && log.LastRaise(hash) is var last && (last > request.Known || request.Known > log.Head))
                return new() { Status = WatchStatus.News, Version = last };
            if (slice.IsOver)
                return default;
            await slice.PauseAsync(EntryLimits.Look, time);
        }
    }
}
