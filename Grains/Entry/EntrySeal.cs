namespace OrleansCache;

/// <summary>Brings the store what only memory has of the keys that moved away, so that the new owner finds it, and ends their activations.</summary>
internal sealed class EntrySeal(EntryMemory memory, IOwnership ownership) : ISealWork
{
    private const int AtOnce = 256;

    public async Task LetGoAsync(Placement placement, CancellationToken deadline)
    {
        foreach (var some in memory.Where(keyHash => !ownership.IsPlacedHere(keyHash)).Chunk(AtOnce))
            await Task.WhenAll(some.Select(static entry => entry.LetGoAsync())).WaitAsync(deadline);
    }
}
