namespace OrleansCache;

/// <summary>The grain of one key: a turn for each call, and no more.</summary>
[Reentrant, GrainType(OwnedGrains.Entry)]
internal sealed class EntryGrain(EntryServices services) : Grain, IEntryGrain, IEntryHost
{
    private Entry _entry = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _entry = new(this, services, this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _entry.DeactivateAsync(cancellationToken);

    public ValueTask<ReadReply> ReadAsync(ReadRequest request) => _entry.ReadAsync(request, CancellationToken.None);

    public ValueTask<ReadReply> RefreshAsync(ReadRequest request) => _entry.RefreshAsync(request, CancellationToken.None);

    public ValueTask<EagerReply> RefreshEagerlyAsync() => _entry.RefreshEagerlyAsync();

    public ValueTask<LoadReply> CompleteLoadAsync(LoadCompletion completion, CancellationToken cancellationToken) =>
        _entry.CompleteAsync(completion, cancellationToken);

    public ValueTask<OriginWriteReply> BeginWriteAsync(BeginWriteRequest request) => _entry.BeginWriteAsync(request);

    public ValueTask<OriginWriteReply> HoldWriteAsync(LoadTicket ticket) => _entry.HoldWriteAsync(ticket);

    public ValueTask<OriginWriteReply> EndWriteAsync(EndWriteRequest request) => _entry.EndWriteAsync(request);

    public ValueTask<bool> RenewLoadAsync(LoadTicket ticket, CancellationToken cancellationToken) => _entry.RenewAsync(ticket);

    public ValueTask<WriteReply> WriteAsync(WriteRequest request, CancellationToken cancellationToken) => _entry.WriteAsync(request, cancellationToken);

    public ValueTask<WriteReply> RemoveAsync(RemoveRequest request, CancellationToken cancellationToken) => _entry.RemoveAsync(request, cancellationToken);

    public ValueTask<ValueDifference> DifferenceAsync() => _entry.DifferenceAsync();

    public ValueTask<WatchReply> WatchAsync(WatchRequest request) => _entry.WatchAsync(request);

    public ValueTask<EntryExplanation> ExplainAsync(CancellationToken cancellationToken) => _entry.ExplainAsync(cancellationToken);

    IRateLimiterGrain IEntryHost.Limiter(string integration) => GrainFactory.GetGrain<IRateLimiterGrain>(integration);

    void IEntryHost.Stay(TimeSpan time) => DelayDeactivation(time);

    void IEntryHost.Leave() => DeactivateOnIdle();
}
