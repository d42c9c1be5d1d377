using Microsoft.Extensions.Hosting;

namespace OrleansCache.Engine;

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed class SiloService(SiloRuntime runtime) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await runtime.Listener.StartAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStarted(runtime.Limits.ClusterId, runtime.Name);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await runtime.Listener.StopListeningAsync(cancellationToken).ConfigureAwait(false);
        var closing = runtime.CloseAsync(new(DeactivationReasonCode.ShuttingDown, "The silo stops."));
        await Task.WhenAny(closing, Task.Delay(Timeout.InfiniteTimeSpan, runtime.Time, cancellationToken)).ConfigureAwait(false);
        await runtime.Listener.CloseAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStopped(runtime.Name, runtime.ActivationCount);
    }
}
