using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class LogIndexTests
{
    private const int Hashes = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task It_finds_what_was_put_and_not_taken_out_however_keys_crowd_and_the_table_grows() => Task.Run(static () =>
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            var (random, index, model) = (new Random(seed), new LogIndex(), new List<LogSlot>());
            for (var step = 0; step < 150; step++)
            {
                Change(random, index, model, step);
                Check(index, model);
            }
        }
    }, Cancellation).WaitAsync(Eventually.Deadline, Cancellation);

    [Fact]
    public void Room_that_was_made_is_enough()
    {
        var index = new LogIndex();
        index.Reserve(LogIndex.ShardCount * 100);
        var bytes = index.Bytes;

        for (var i = 0; i < 100; i++)
            index.Put(new() { Hash = (ulong)i << 25, Offset = (uint)i, Length = 1 }, default);

        Assert.True(bytes >= LogIndex.ShardCount * 100 * 24);
        Assert.Equal(bytes, index.Bytes);
    }

    private static void Change(Random random, LogIndex index, List<LogSlot> model, int step)
    {
        var slot = new LogSlot { Hash = HashOf(random.Next(Hashes)), Segment = random.Next(1, 3), Offset = (uint)step, Length = 1, KeepUntil = (uint)random.Next(100) };
        var at = model.Count == 0 ? -1 : random.Next(model.Count);
        switch (random.Next(model.Count < 30 ? 8 : 12))
        {
            case < 4:
                Assert.False(index.Put(slot, default));
                model.Add(slot);
                break;
            case 4 when at >= 0:
                slot.Hash = model[at].Hash;
                Assert.True(index.Put(slot, model[at]));
                model[at] = slot;
                break;
            case 5:
                Assert.False(index.Put(slot, slot with { Segment = 9 }));
                model.Add(slot);
                break;
            case 6:
                Assert.False(index.Remove(slot));
                break;
            case 7:
                var now = (uint)random.Next(10);
                var (gone, swept) = (model.Where(other => other.KeepUntil < now).ToList(), new List<LogSlot>());
                int before;
                do
                {
                    before = swept.Count;
                    index.Sweep(0, now, swept.Add);
                }
                while (swept.Count > before);       // one pass may leave what wrapped round to the next
                Assert.Equal(gone.Select(Place).Order(), swept.Select(Place).Order());
                model.RemoveAll(gone.Contains);
                break;
            default:
                if (at < 0)
                    break;
                Assert.True(index.Remove(model[at]));
                model.RemoveAt(at);
                break;
        }
    }

    private static void Check(LogIndex index, List<LogSlot> model)
    {
        Assert.Equal(model.Count, index.Count);
        for (var n = 0; n < Hashes; n++)
        {
            var found = new List<LogSlot>();
            while (index.TryFind(HashOf(n), found.Count, out var slot))
                found.Add(slot);
            Assert.Equal(model.Where(slot => slot.Hash == HashOf(n)).Select(Place).Order(), found.Select(Place).Order());
        }
        foreach (var slot in model)
        {
            Assert.True(index.TryGet(slot, out var current));
            Assert.Equal(slot, current);
            Assert.False(index.TryGet(slot with { Segment = slot.Segment + 5 }, out _));
        }
    }

    private static (int, uint) Place(LogSlot slot) => (slot.Segment, slot.Offset);

    // All in one shard, at homes that lie together, the last of the table among them.
    private static ulong HashOf(int n) => (n % 3 == 0 ? uint.MaxValue - (uint)(n % 4 * 0x0800_0000) : (uint)(n % 4 * 0x1000_0000)) | ((ulong)n << 32);
}
