using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>
/// Loads a key of this process's own as soon as a silo is there: seven hundred methods take part in a load, and the first caller would wait
/// until they are compiled. In the background; what fails is of no interest, and no count of reads has it.
/// </summary>
internal sealed class WarmUpLoad(OrleansCacheClient cache, OperationIds ids, LearnedView view, IOptions<OrleansCacheClientOptions> options, TimeProvider clock) : BackgroundService
{
    /// <summary>A silo that is alone has no view to tell of, and is in touch.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Whatever its region says.</summary>
    public static EntryOptions Options { get; } = new() { Strategy = Strategy.Ttl, FreshFor = WarmUpRegion.Lifetime, StaleFor = TimeSpan.Zero };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.WarmUp)
            return;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (var known = view.Changed; view is { Number: 0, IsInTouch: false } && !stoppingToken.IsCancellationRequested; known = view.Changed)
            await known.WaitAsync(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Func<CancellationToken, ValueTask<byte[]>> factory = static _ => new([0]);
        var order = new LoadOrder<Func<CancellationToken, ValueTask<byte[]>>, byte[]>(
            CacheKey.Of(WarmUpRegion.Name, $"{ids.Process:N}"), factory, static (make, token) => make(token), EntryOptionRules.Checked(Options)) { IsUncounted = true };
        Task load = cache.GetOrCreateAsync(order, stoppingToken).AsTask();
        await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
