namespace OrleansCache.Storage.Tests;

public class TagTableTests
{
    [Fact]
    public void The_last_raise_of_a_tag_counts()
    {
        var table = new TagTable();

        table.Raise(1, 10);
        table.Raise(1, 12);

        Assert.Equal((12, 0), (table.LastRaise(1), table.LastRaise(2)));
    }

    [Fact]
    public void A_table_that_is_too_small_says_raised_too_often_and_never_too_rarely()
    {
        var table = new TagTable(capacity: 64);
        var raises = new Dictionary<ulong, long>();
        var random = new Random(1);
        for (var number = 1L; number < 10_000; number++)
        {
            var tag = (ulong)random.Next(500);
            table.Raise(tag, number);
            raises[tag] = number;
            Assert.Equal(number, table.LastRaise(tag));
        }

        Assert.All(raises, raise => Assert.True(table.LastRaise(raise.Key) >= raise.Value));
    }

    [Fact]
    public void The_floor_counts_for_tags_that_are_not_listed()
    {
        var table = new TagTable();
        table.Raise(1, 10);

        table.RaiseFloor(7);

        Assert.Equal((10, 7), (table.LastRaise(1), table.LastRaise(2)));
    }

    [Fact]
    public async Task A_reader_never_misses_a_raise_while_tags_push_each_other_out()
    {
        var table = new TagTable(capacity: 8);
        var acknowledged = new long[64];
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i = (i + 1) % 64)
            {
                var known = Volatile.Read(ref acknowledged[i]);
                Assert.True(table.LastRaise((ulong)i) >= known);
            }
        }, TestContext.Current.CancellationToken);

        for (var number = 1L; number < 300_000; number++)
        {
            var tag = number * 7 % 64;
            table.Raise((ulong)tag, number);
            Volatile.Write(ref acknowledged[tag], number);
        }

        await stop.CancelAsync();
        await reading;
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        var log = new TagLog(new MemoryTagStore(), CoarseClock.System, TimeProvider.System);
        ulong[] tags = TagHash.Of(["a", "b"]);
        log.IsGood(tags, 0, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
            log.IsGood(tags, 0, log.Generation);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Raises_that_come_while_one_is_on_its_way_share_the_next_number()
    {
        var store = new SlowStore();
        var log = new TagLog(store, CoarseClock.System, TimeProvider.System);
        var first = log.RaiseAsync(["a"], TestContext.Current.CancellationToken).AsTask();
        await store.Asked.WaitAsync(TestContext.Current.CancellationToken);

        var others = Enumerable.Range(0, 10).Select(i => log.RaiseAsync([$"t{i}"], TestContext.Current.CancellationToken).AsTask()).ToList();
        store.Answer.SetResult();

        Assert.Equal(1, await first);
        Assert.All(await Task.WhenAll(others), number => Assert.Equal(2, number));
    }

    private sealed class SlowStore : ITagStore
    {
        private readonly MemoryTagStore _inner = new();

        public SemaphoreSlim Asked { get; } = new(0);

        public TaskCompletionSource Answer { get; } = new();

        public async ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken)
        {
            Asked.Release();
            await Answer.Task;
            return await _inner.AppendAsync(append, cancellationToken);
        }
    }
}
