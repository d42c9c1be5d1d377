using Microsoft.Extensions.Options;

namespace OrleansCache.Tests;

/// <summary>Rule 8: memory is bounded, and a scan does not wash the hot keys out.</summary>
public sealed class SieveTests
{
    [Fact]
    public void What_nobody_read_leaves_first_oldest_first()
    {
        var sieve = new Sieve();
        var nodes = Enumerable.Range(0, 4).Select(_ => new SieveNode()).ToArray();
        foreach (var node in nodes)
            sieve.Add(node);
        nodes[0].Visited = true;

        Assert.Same(nodes[1], sieve.Evict());
        Assert.Same(nodes[2], sieve.Evict());
        Assert.Same(nodes[3], sieve.Evict());
        Assert.Same(nodes[0], sieve.Evict());
        Assert.Null(sieve.Evict());
    }

    [Fact]
    public void A_node_that_leaves_by_itself_takes_the_hand_along()
    {
        var sieve = new Sieve();
        var nodes = Enumerable.Range(0, 5).Select(_ => new SieveNode { Bytes = 10 }).ToArray();
        foreach (var node in nodes)
            sieve.Add(node);
        nodes[0].Visited = true;
        Assert.Same(nodes[1], sieve.Evict());

        sieve.Remove(nodes[2]);
        sieve.Resize(nodes[3], 25);

        Assert.Equal((3, 45), (sieve.Count, sieve.Bytes));
        Assert.Same(nodes[3], sieve.Evict());
    }

    [Fact]
    public void On_a_zipf_load_with_a_scan_it_loses_less_than_LRU()
    {
        var (quietLru, quietSieve) = HitRatios(scan: false);
        var (lru, sieve) = HitRatios(scan: true);

        Assert.True(sieve > lru + 0.05, $"sieve {sieve:p1}, LRU {lru:p1}");
        Assert.True(quietSieve - sieve < 0.02, $"sieve without a scan {quietSieve:p1}, with {sieve:p1}; LRU {quietLru:p1} and {lru:p1}");
    }

    [Fact]
    public void Random_operations_keep_count_and_order()
    {
        var random = new Random(7);
        var sieve = new Sieve();
        var inside = new List<SieveNode>();
        for (var i = 0; i < 5_000; i++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var node = new SieveNode { Bytes = random.Next(100) };
                    sieve.Add(node);
                    inside.Add(node);
                    break;
                case 2 when inside.Count > 0:
                    var some = inside[random.Next(inside.Count)];
                    some.Visited = true;
                    if (random.Next(3) > 0)
                        break;
                    sieve.Remove(some);
                    inside.Remove(some);
                    break;
                default:
                    var victim = sieve.Evict();
                    Assert.Equal(inside.Count > 0, victim is not null);
                    Assert.True(victim is null || (inside.Remove(victim) && !victim.IsIn));
                    break;
            }

            Assert.Equal((inside.Count, inside.Sum(n => n.Bytes)), (sieve.Count, sieve.Bytes));
        }
    }

    [Fact]
    public void The_silo_and_each_region_keep_their_bounds()
    {
        var memory = new EntryMemory(Options.Create(new EntryMemoryOptions { MaxEntries = 100, MaxBytes = 1 << 20 }));
        var small = new RegionPolicy { Region = "small", MaxEntries = 10 };
        var big = new RegionPolicy { Region = "big", MaxBytes = 5_000 };
        for (var i = 0; i < 50; i++)
        {
            memory.Place(new Node(memory) { Bytes = 100 }, small);
            memory.Place(new Node(memory) { Bytes = 1_000 }, big);
        }

        Assert.Equal((15, 6_000), (memory.Entries, memory.Bytes));
        for (var i = 0; i < 1_000; i++)
            memory.Place(new Node(memory) { Bytes = 100 }, new() { Region = "other" });

        Assert.Equal(100, memory.Entries);
        Assert.Equal(40 + 45 + 915, memory.Evictions);
    }

    [Fact]
    public async Task Newcomers_wait_while_too_many_are_on_their_way_out()
    {
        var memory = new EntryMemory(Options.Create(new EntryMemoryOptions { MaxEntries = 10 }));
        var slow = Enumerable.Range(0, 1_100).Select(_ => new Node(null) { Bytes = 1 }).ToArray();
        foreach (var node in slow)
            memory.Place(node, new() { Region = "r" });
        var room = memory.RoomAsync(TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.False(room.IsCompleted);

        foreach (var node in slow.Where(n => n.IsLeaving).ToArray())
            memory.Remove(node);

        await room;
        Assert.Equal(10, memory.Entries);
    }

    [Fact]
    public void A_busy_victim_stays_and_counts()
    {
        var memory = new EntryMemory(Options.Create(new EntryMemoryOptions { MaxEntries = 1 }));
        var busy = new Node(null) { Bytes = 1 };
        memory.Place(busy, new() { Region = "r" });
        memory.Place(new Node(memory) { Bytes = 1 }, new() { Region = "r" });
        Assert.True(busy.IsLeaving);

        memory.Readmit(busy);

        Assert.Equal((false, true, 2), (busy.IsLeaving, busy.IsIn, memory.Entries));
    }

    [Fact]
    public void A_bound_below_one_is_refused_with_its_name_and_the_way_out()
    {
        var result = new EntryMemoryOptionsValidator().Validate(null, new() { MaxEntries = 0, MaxBytes = 5 });

        Assert.Contains("OrleansCache:Memory:MaxEntries: is 0; set it to 1 or more", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("OrleansCache:Memory:MaxBytes: is 5", result.FailureMessage, StringComparison.Ordinal);
    }

    private static (double Lru, double Sieve) HitRatios(bool scan)
    {
        const int capacity = 1_000, distinct = 10_000, reads = 200_000;
        var random = new Random(1);
        var cumulated = new double[distinct];
        var sum = 0.0;
        for (var i = 0; i < distinct; i++)
            cumulated[i] = sum += 1.0 / (i + 1);
        var (sieve, nodes) = (new Sieve(), new Dictionary<int, SieveNode>());
        var owners = new Dictionary<SieveNode, int>();
        var (lru, places) = (new LinkedList<int>(), new Dictionary<int, LinkedListNode<int>>());
        var (sieveHits, lruHits) = (0, 0);
        for (var i = 0; i < reads; i++)
        {
            var hot = Array.BinarySearch(cumulated, random.NextDouble() * sum);
            Read(hot < 0 ? ~hot : hot, counts: true);
            if (scan)
                Read(distinct + i, counts: false);
        }

        return ((double)lruHits / reads, (double)sieveHits / reads);

        void Read(int key, bool counts)
        {
            if (nodes.TryGetValue(key, out var node))
            {
                node.Visited = true;
                sieveHits += counts ? 1 : 0;
            }
            else
            {
                if (sieve.Count == capacity)
                    nodes.Remove(owners[sieve.Evict()!]);
                sieve.Add(nodes[key] = node = new());
                owners[node] = key;
            }

            if (places.Remove(key, out var place))
            {
                lru.Remove(place);
                lruHits += counts ? 1 : 0;
            }
            else if (lru.Count == capacity)
            {
                places.Remove(lru.Last!.Value);
                lru.RemoveLast();
            }

            places[key] = lru.AddFirst(key);
        }
    }

    /// <summary>Leaves at once when it has a memory to leave.</summary>
    private sealed class Node(EntryMemory? memory) : EntryNode
    {
        public override ulong KeyHash => 0;

        public override Task LetGoAsync() => Task.CompletedTask;

        public override void AskToLeave() => memory?.Remove(this);
    }
}
