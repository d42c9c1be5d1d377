namespace OrleansCache;

/// <summary>Whether the silo serves, and how well.</summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime, IOwnership ownership, IEntryStore store)
{
    public const string Ready = "ready";

    public ReadinessBody Describe()
    {
        var status = lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
            : lifetime.ApplicationStarted.IsCancellationRequested ? Ready
            : "starting";
        return new(status, EngineHosting.Name, ownership.Self, Environment.ProcessId, store.Kind, Degraded: !store.IsReachable || !ownership.FenceHolds);
    }
}

/// <summary>The body of the health answers.</summary>
/// <param name="Status"><c>starting</c>, <c>ready</c> or <c>stopping</c>; <c>live</c> under <c>/healthz/live</c>.</param>
/// <param name="Engine">Who carries the grains.</param>
/// <param name="Silo">The silo's name.</param>
/// <param name="Pid">The process.</param>
/// <param name="Store">Where values survive: <c>memory</c>, <c>file</c> or <c>redis</c>.</param>
/// <param name="Degraded">True while the store is away or the silo cannot prove its right: only regions that are not strict are served.</param>
internal sealed record ReadinessBody(string Status, string Engine, string Silo, int Pid, string Store, bool Degraded);
