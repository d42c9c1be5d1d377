using Microsoft.Extensions.Hosting;

namespace OrleansCache;

/// <summary>The door to this silo's view for clients. Where there are no views, a caller waits its slice and learns that.</summary>
[Reentrant, GrainType("oc.view")]
internal sealed class SiloViewGrain(TimeProvider time, IHostApplicationLifetime application, OwnView? own = null) : Grain, ISiloViewGrain
{
    public async ValueTask<ViewReply> ReadAsync(long known, long heard, int waitMilliseconds)
    {
        own?.Hint(heard);
        var slice = Slice.Of(time, waitMilliseconds);
        while (!slice.IsOver && !application.ApplicationStopping.IsCancellationRequested)
        {
            var changed = own?.Changed ?? Task.Delay(Timeout.InfiniteTimeSpan, time, application.ApplicationStopping);
            if (own?.Number > known)
                break;
            await changed.WaitAsync(slice.Left, time, application.ApplicationStopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        if (own is null)
            return default;
        var view = own.View;
        return new() { Number = view.Number, View = view.Number > known ? view.ToJson() : null };
    }
}
