using System.Diagnostics.Metrics;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class MemoryEntryStoreTests : EntryStoreContract
{
    private readonly LocalClusterClock _clock = new(TimeProvider.System);

    private protected override long Now => _clock.Now;

    private protected override IMeterFactory Meters { get; } = TestMeters.Factory();

    private protected override ValueTask<IEntryStore> OpenAsync() => new(new MemoryEntryStore(_clock, TestMeters.Storage(Meters)));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task What_expired_goes_as_others_come()
    {
        var time = new ManualTimeProvider();
        var store = new MemoryEntryStore(new LocalClusterClock(time), TestMeters.Storage());
        await ReadAsync("first");
        time.Advance(TimeSpan.FromMinutes(2));

        await ReadAsync("second");

        Assert.InRange(store.Count, 300_000, 450_000);

        async Task ReadAsync(string name)
        {
            for (var i = 0; i < 300_000; i++)
                await store.ReadAsync($"{name}{i}", 1, Cancellation);
        }
    }
}
