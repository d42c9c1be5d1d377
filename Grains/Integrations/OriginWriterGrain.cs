namespace OrleansCache;

/// <summary>Makes clients' writing calls, once for each operation id.</summary>
[Reentrant, GrainType(OwnedGrains.Writer)]
internal sealed class OriginWriterGrain(OriginCaller origin, IOwnership ownership, TimeProvider clock) : Grain, IOriginWriterGrain
{
    private OriginWriterDesk _desk = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _desk = new(this.GetPrimaryKeyString(), origin, ownership, clock);
        return Task.CompletedTask;
    }

    public ValueTask<WriterAnswer> WriteAsync(WriterCall call) => _desk.WriteAsync(call);
}
