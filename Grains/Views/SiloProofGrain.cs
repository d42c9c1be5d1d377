namespace OrleansCache;

/// <summary>Tells those whom another silo refused whether this one could do better.</summary>
[Reentrant, GrainType(OwnedGrains.Proof)]
internal sealed class SiloProofGrain(IOwnership ownership, IEntryStore store) : Grain, ISiloProofGrain
{
    public ValueTask<ProofReply> AskAsync() => new(new ProofReply { Silo = ownership.Self, MayProve = ownership.FenceHolds || store.IsReachable });
}
