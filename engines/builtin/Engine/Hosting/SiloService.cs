namespace OrleansCache.Engine;

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed class SiloService(SiloRuntime runtime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        runtime.Listener.Start();
        runtime.Log.SiloStarted(runtime.Limits.ClusterId, runtime.Name);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await runtime.Listener.StopListeningAsync().ConfigureAwait(false);
        var closing = runtime.CloseAsync(new(DeactivationReasonCode.ShuttingDown, "The silo stops."));
        await Task.WhenAny(closing, Task.Delay(Timeout.InfiniteTimeSpan, runtime.Time, cancellationToken)).ConfigureAwait(false);
        await runtime.Listener.CloseAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStopped(runtime.Name, runtime.ActivationCount);
    }
}
