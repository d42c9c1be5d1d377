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
        runtime.IsClosed = true;
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops.");
        var endings = new List<Task>();
        foreach (var activation in runtime.Classes.SelectMany(type => type.Activations))
        {
            activation.Deactivate(reason, cancellationToken);
            endings.Add(activation.Deactivated);
        }
        var all = Task.WhenAll(endings);
        await Task.WhenAny(all, Task.Delay(Timeout.InfiniteTimeSpan, runtime.Time, cancellationToken)).ConfigureAwait(false);
        await runtime.Listener.CloseAsync(cancellationToken).ConfigureAwait(false);
        runtime.Log.SiloStopped(runtime.Name, endings.Count(ending => !ending.IsCompleted));
    }
}
