using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>
/// Loads a key of this process's own when the host has started: seven hundred methods take part in a load, and the first caller would wait
/// until they are compiled. In the background; what fails is of no interest, and no count has it.
/// </summary>
internal sealed class WarmUpLoad(OrleansCacheClient cache, OperationIds ids, IOptions<OrleansCacheClientOptions> options, TimeProvider clock, IKnownView? view = null) : BackgroundService
{
    /// <summary>For the view, by which a call goes to the owner at once. A silo that is alone has none.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private static readonly EntryOptions Short = new() { Strategy = Strategy.Ttl, FreshFor = WarmUpRegion.Lifetime, StaleFor = TimeSpan.Zero };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.WarmUp)
            return;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (view?.Changed is { } known && view.Number == 0)
            await known.WaitAsync(Patience, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var order = new LoadOrder<int, byte[]>(CacheKey.Of(WarmUpRegion.Name, $"{ids.Process:N}"), 0, static (_, _) => new([0]), Short) { IsUncounted = true };
        Task load = cache.GetOrCreateAsync(order, stoppingToken).AsTask();
        await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
