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
