using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>The grain on the engine, in a whole silo.</summary>
public sealed class EntryGrainTests
{
    [Fact]
    public async Task A_hit_on_the_engine_completes_at_once()
    {
        await using var silo = await EntrySilo.StartAsync();
        var entry = silo.Entry("plain:a");
        await entry.WriteAsync(new() { OperationId = Guid.NewGuid(), Bytes = [1] });

        var reply = await entry.ReadAsync(default);

        Assert.Equal((ReadStatus.Hit, true), (reply.Status, reply.Strict));
        Assert.Equal([1], reply.Value!.Bytes);
    }

    [Fact]
    public async Task A_thousand_cold_callers_get_one_lease_and_one_value()
    {
        await using var silo = await EntrySilo.StartAsync();
        var entry = silo.Entry("plain:a");
        var replies = Enumerable.Range(0, 1_000).Select(_ => entry.ReadAsync(new() { Load = LoadMode.Leased, WaitMilliseconds = 2_000, OperationId = Guid.NewGuid() }).AsTask()).ToList();
        var holder = await await Task.WhenAny(replies);
        Assert.Equal(ReadStatus.Lease, holder.Status);

        await entry.CompleteLoadAsync(new() { Ticket = holder.Ticket, Kind = LoadResultKind.Value, Bytes = [1], OperationId = Guid.NewGuid() });

        var all = await Task.WhenAll(replies);
        Assert.Equal(999, all.Count(r => r.Status is ReadStatus.Joined or ReadStatus.Hit));
    }

    [Fact]
    public async Task A_scan_leaves_memory_within_its_bound_and_the_hot_keys_hot()
    {
        const int bound = 1_000, hot = 100, cold = 20_000;
        await using var silo = await EntrySilo.StartAsync(settings: ("Memory:MaxEntries", $"{bound}"));
        var keys = Enumerable.Range(0, hot).Select(i => $"plain:hot-{i}").ToArray();
        foreach (var key in keys)
            await silo.Entry(key).WriteAsync(new() { OperationId = Guid.NewGuid(), Bytes = [1] });
        var highest = 0L;
        for (var i = 0; i < cold; i++)
        {
            Assert.Equal(ReadStatus.Miss, (await silo.Entry($"plain:cold-{i}").ReadAsync(default)).Status);
            if (i % 5 == 0)
                Assert.Equal(ReadStatus.Hit, (await silo.Entry(keys[i / 5 % hot]).ReadAsync(default)).Status);
            highest = Math.Max(highest, silo.Memory.Entries);
        }

        Assert.True(highest <= bound + 1_100, $"{highest} entries at once");
        await Eventually.TrueAsync(() => silo.Memory.Entries <= bound);
        Assert.True(keys.Sum(k => silo.Store.Reads[k]) <= hot * 1.1, $"{keys.Sum(k => silo.Store.Reads[k])} reads of {hot} hot keys");
    }

    [Theory]
    [InlineData("Strict", "Through")]
    [InlineData("Eventual", "Behind")]
    public async Task In_chaos_no_read_is_older_than_an_acknowledged_write(string coherence, string durability)
    {
        await using var silo = await EntrySilo.StartAsync(chaos: true, ("Regions:plain:Coherence", coherence), ("Regions:plain:Durability", durability));
        var faults = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(key => Task.Run(async () =>
        {
            var entry = silo.Entry($"plain:{key}");
            var acknowledged = 0L;
            var version = 0L;
            using var done = new CancellationTokenSource();
            var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    var floor = Interlocked.Read(ref acknowledged);
                    var read = await RetriedAsync(() => entry.ReadAsync(default));
                    if (read.Value is { } value && long.Parse(Encoding.UTF8.GetString(value.Bytes), CultureInfo.InvariantCulture) < floor)
                        faults.Enqueue($"key {key}: read {Encoding.UTF8.GetString(value.Bytes)} after {floor} was acknowledged");
                    if (read.Value is null && floor > 0)
                        faults.Enqueue($"key {key}: a miss after {floor} was acknowledged");
                }
            })).ToArray();
            for (var i = 1; i <= 150; i++)
            {
                var request = new WriteRequest { OperationId = Guid.NewGuid(), Bytes = Encoding.UTF8.GetBytes($"{i}") };
                var reply = await RetriedAsync(() => entry.WriteAsync(request));
                if (reply.Status != WriteStatus.Accepted || reply.Version <= version)
                    faults.Enqueue($"key {key}: write {i} gave {reply.Status} and version {reply.Version} after {version}");
                version = reply.Version;
                Interlocked.Exchange(ref acknowledged, i);
            }

            await done.CancelAsync();
            await Task.WhenAll(readers);
        })));

        Assert.Empty(faults);
    }

    private static async Task<T> RetriedAsync<T>(Func<ValueTask<T>> call)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await call();
            }
            catch (SiloUnavailableException) when (tries < 20)
            {
                // The reply was lost: the same operation is asked for again.
            }
        }
    }
}
