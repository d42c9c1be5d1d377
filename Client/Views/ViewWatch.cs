using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Learns each view from whichever silo answers, for as long as the client runs.</summary>
internal sealed class ViewWatch(IGrainFactory grains, LearnedView view, IOptions<OrleansCacheClientOptions> options, TimeProvider clock) : BackgroundService
{
    /// <summary>A view that is heard of is on its way to all silos.</summary>
    private static readonly TimeSpan Urgent = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Whichever silo is asked answers by itself. An engine may send all calls of one key by way of one silo.</summary>
    private static readonly string[] Doors = ["0", "1", "2", "3", "4", "5", "6", "7"];

    // Half of what a call may wait: a silo that is paused or knows no news is not relied on for long.
    private readonly TimeSpan _slice = options.Value.Slice / 2;
    private int _asked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = view.Number;
            var hinted = view.HearAsync();
            var heard = view.Heard;
            var asked = AskAsync(before, heard);
            await Task.WhenAny(asked, hinted, Task.Delay(heard > before ? Urgent : _slice + Grace, clock, stoppingToken)).ConfigureAwait(false);
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
            var reply = await grains.GetGrain<ISiloViewGrain>(Doors[_asked++ % Doors.Length]).ReadAsync(known, heard, (int)_slice.TotalMilliseconds).ConfigureAwait(false);
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
