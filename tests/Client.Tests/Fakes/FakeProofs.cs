using System.Collections.Concurrent;

namespace OrleansCache.Fakes;

/// <summary>What silos say of their right, by the key that each is asked with.</summary>
internal sealed class FakeProofs
{
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Everybody has a proof, unless this says otherwise.</summary>
    public Func<string, ValueTask<ProofReply>> Answer { get; set; } = static _ => new(new ProofReply { MayProve = true });

    public ISiloProofGrain Of(string key) => new Grain(this, key);

    private sealed class Grain(FakeProofs proofs, string key) : ISiloProofGrain
    {
        public ValueTask<ProofReply> AskAsync()
        {
            proofs.Asked.Enqueue(key);
            return proofs.Answer(key);
        }
    }
}
