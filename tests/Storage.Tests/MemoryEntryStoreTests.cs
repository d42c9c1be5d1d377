namespace OrleansCache.Storage.Tests;

public sealed class MemoryEntryStoreTests : EntryStoreContract
{
    private readonly LocalClusterClock _clock = new(TimeProvider.System);

    private protected override long Now => _clock.Now;

    private protected override ValueTask<IEntryStore> OpenAsync() => new(new MemoryEntryStore(_clock, TestMeters.Storage()));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
