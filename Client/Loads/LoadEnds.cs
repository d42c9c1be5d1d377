using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Ends of leased loads.</summary>
internal static class LoadEnds
{
    /// <summary>Hands the result over, for no longer than the lease lasts; a result that cannot be handed over is one that was not stored.</summary>
    public static async ValueTask<LoadReply> CompleteAsync(this OwnerCalls calls, CacheKey key, LoadCompletion completion, ILogger logger)
    {
        var lease = TimeSpan.FromMilliseconds(completion.Ticket!.LeaseMilliseconds);
        try
        {
            return await calls.CallAsync<IEntryGrain, LoadReply>(key.GrainKey, entry => entry.CompleteLoadAsync(completion, CancellationToken.None), limit: lease < calls.Limit ? lease : calls.Limit).ConfigureAwait(false);
        }
        catch (CacheUnavailableException e)
        {
            logger.CompletionFailed(e, RoutingHash.Of(key.GrainKey));
            return new() { Detail = "unreachable" };
        }
    }
}
