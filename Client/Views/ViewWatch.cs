using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Learns each view from whichever silo answers, for as long as the client runs.</summary>
internal sealed class ViewWatch(IGrainFactory grains, LearnedView view, IOptions<OrleansCacheClientOptions> options, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly TimeSpan _slice = options.Value.Slice;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = view.Number;
            var hinted = view.HearAsync();
            var asked = AskAsync(before, view.Heard);
            await Task.WhenAny(asked, hinted, Task.Delay(_slice + Grace, clock, stoppingToken)).ConfigureAwait(false);
            view.IsInTouch = asked.IsCompleted ? await asked.ConfigureAwait(false) : hinted.IsCompleted;

            // A silo that stops answers at once, and one that is paused not at all: the next question goes to another.
            if (view.Number == before)
                await hinted.WaitAsync(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> AskAsync(long known, long heard)
    {
        try
        {
            var reply = await grains.GetGrain<ISiloViewGrain>("0").ReadAsync(known, heard, (int)_slice.TotalMilliseconds).ConfigureAwait(false);
            if (reply.View is { } json && ClusterView.Parse(json) is { } newer)
                view.Learn(newer);
            else if (reply.Number == 0)
                view.Forget();
            return true;
        }
        catch (Exception exception) when (OwnerCalls.IsTransient(exception))
        {
            return false;
        }
    }
}
