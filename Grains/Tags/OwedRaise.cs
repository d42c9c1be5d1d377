using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>A raise that must come, whoever waits for it: what the origin has made out of date.</summary>
internal static class OwedRaise
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Raises the tags as often as it takes, for as long as the process lives.</summary>
    public static async Task RaiseOwedAsync(this ITagLog log, ImmutableArray<string> tags, TimeProvider time)
    {
        while (true)
        {
            try
            {
                await log.RaiseAsync(tags, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(Pause, time).ConfigureAwait(false);
            }
        }
    }
}
