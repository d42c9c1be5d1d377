using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>The line of a silo over its grains.</summary>
public class EagerRefresherTests
{
    [Fact]
    public async Task A_lost_notification_does_not_end_refreshing()
    {
        var time = new ManualTimeProvider();
        await using var harness = OriginHarness.Make(new() { ["BaseAddress"] = "http://localhost:1/", ["Methods:rate:Get"] = "rates/{code}" }, time);
        var entry = LossyEntry.Make();
        using var refresher = new EagerRefresher(
            GrainsByKey.Of<IGrainFactory>((_, _) => entry.Grain), new ManualOwnership(), harness.Configuration, time, NullLogger<EagerRefresher>.Instance);

        refresher.Plan("partner", CacheKey.Of("default:1.0:partner:rate", "code=NL").GrainKey, TimeSpan.Zero);
        await Eventually.TrueAsync(() => entry.Asked == 1);
        for (var lost = 1; lost <= 3; lost++)       // neither the call nor its answer, nor that the silo is gone
        {
            await Eventually.TrueAsync(() => time.ActiveTimers > 0);
            time.Advance(EntryLimits.EagerPause);
            await Eventually.TrueAsync(() => entry.Asked == lost + 1);
        }
    }

    [Fact]
    public async Task Rosters_are_read_when_keys_may_have_come_written_when_one_came_and_left_alone_otherwise()
    {
        var time = new ManualTimeProvider();
        await using var harness = OriginHarness.Make(
            new() { ["BaseAddress"] = "http://localhost:1/", ["Methods:rate:Get"] = "rates/{code}", ["Methods:rate:Strategy"] = "Eager", ["Methods:rate:FreshFor"] = "00:00:01" }, time);
        var ownership = new ManualOwnership();
        var rosters = new FakeRosters();
        using var refresher = new EagerRefresher(
            GrainsByKey.Of<IGrainFactory>((_, _) => rosters.Of()), ownership, harness.Configuration, time, NullLogger<EagerRefresher>.Instance);
        await refresher.StartAsync(TestContext.Current.CancellationToken);

        await ReadAsync(times: 1);
        ownership.Begin();
        await ReadAsync(times: 2);
        harness.Reconfigure(new() { ["Methods:rate:FreshFor"] = "00:00:02" });
        await ReadAsync(times: 3);
        refresher.Plan("partner", "key", TimeSpan.FromHours(1));
        await Eventually.TrueAsync(() => Advance(() => rosters.Added.Contains("key")));
        Assert.Equal(3 * Rosters.Parts, rosters.Reads);

        async Task ReadAsync(int times)
        {
            await Eventually.TrueAsync(() => Advance(() => rosters.Reads == times * Rosters.Parts));
            await Eventually.TrueAsync(() => time.ActiveTimers == 0);      // at rest
        }

        bool Advance(Func<bool> isSo)
        {
            if (time.ActiveTimers > 0)
                time.Advance(TimeSpan.FromMilliseconds(200));
            return isSo();
        }
    }

    /// <summary>Counts how often a part was read.</summary>
    private sealed class FakeRosters
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public ConcurrentBag<string> Added { get; } = [];

        public IRosterGrain Of() => new Part(this);

        private sealed class Part(FakeRosters all) : IRosterGrain
        {
            public ValueTask<ImmutableArray<string>> ListAsync()
            {
                Interlocked.Increment(ref all._reads);
                return new([]);
            }

            public ValueTask ChangeAsync(ImmutableArray<string> added, ImmutableArray<string> removed)
            {
                foreach (var key in added)
                    all.Added.Add(key);
                return default;
            }
        }
    }

    /// <summary>An entry whose answers are lost.</summary>
#pragma warning disable CA1852 // a proxy is a subtype, made at run time
    internal class LossyEntry : DispatchProxy
#pragma warning restore CA1852
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public IEntryGrain Grain => (IEntryGrain)(object)this;

        public static LossyEntry Make() => (LossyEntry)(object)Create<IEntryGrain, LossyEntry>();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(IEntryGrain.RefreshEagerlyAsync), targetMethod!.Name);
            return new ValueTask<EagerReply>(Task.FromException<EagerReply>((Interlocked.Increment(ref _asked) % 3) switch
            {
                1 => new TimeoutException(),
                2 => new OrleansException(),
                _ => new OperationCanceledException(),
            }));
        }
    }
}
