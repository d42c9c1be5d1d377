using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>One integration's permits for the whole cluster; see <see cref="PermitDesk"/>.</summary>
[Reentrant, GrainType(OwnedGrains.Limiter)]
internal sealed class RateLimiterGrain(
    [PersistentState("limiter", "oc")] IPersistentState<LimiterState> state,
    IRateLimits limits,
    IOwnership ownership,
    IClusterClock clusterClock,
    TimeProvider clock,
    RateLimiterMetrics metrics,
    ILogger<RateLimiterGrain> logger) : Grain, IRateLimiterGrain
{
    private PermitDesk? _desk;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _desk = new(this.GetPrimaryKeyString(), state, limits, ownership, clusterClock, clock, metrics, logger, DeactivateOnIdle);
        // The state was read before it was known whose it is: its former owner may have granted permits since.
        if (_desk.IsOurs)
            await state.ReadStateAsync(cancellationToken);
        _desk.Open();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _desk?.CloseAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken) => _desk!.AcquireAsync(request);

    public ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken) => new(_desk!.Pause(duration));

    public ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken) => new(_desk!.Describe());
}
