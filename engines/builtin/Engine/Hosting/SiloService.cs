using Microsoft.Extensions.Hosting;

namespace OrleansCache.Engine;

/// <summary>Work to be done before a silo stops, while it still serves.</summary>
[BuiltinOnly]
public interface ISiloHook
{
    /// <summary>Runs first of all when the host stops.</summary>
    Task BeforeStopAsync(CancellationToken cancellationToken);
}

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed class SiloService(SiloRuntime runtime, IEnumerable<ISiloHook> hooks) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await runtime.Listener.StartAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStarted(runtime.Limits.ClusterId, runtime.Name);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var hook in hooks)
        {
            try
            {
                await hook.BeforeStopAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                runtime.Log.HookFailed(error);
            }
        }
        await runtime.Listener.StopListeningAsync(cancellationToken).ConfigureAwait(false);
        var closing = runtime.CloseAsync(new(DeactivationReasonCode.ShuttingDown, "The silo stops."));
        await Task.WhenAny(closing, Task.Delay(Timeout.InfiniteTimeSpan, runtime.Time, cancellationToken)).ConfigureAwait(false);
        await runtime.Listener.CloseAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStopped(runtime.Name, runtime.Activations);
    }
}
