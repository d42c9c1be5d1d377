using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

public sealed class RedisEntryStoreTests : EntryStoreContract
{
    private RedisServer? _server;
    private IHost? _host;

    private protected override long Now => Get<IClusterClock>().Now;

    private protected override IMeterFactory Meters => Get<IMeterFactory>();

    private protected override async ValueTask<IEntryStore> OpenAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Cancellation);
        _host = await RedisHost.StartAsync(_server);
        return Get<IEntryStore>();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await RedisHost.StopAsync(_host);
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_record_lies_under_the_key_of_its_cluster_and_region_and_expires_when_it_says()
    {
        var store = Get<IEntryStore>();
        var expiry = Now + 60_000_000;

        await store.WriteAsync("region/the key", Value(3, 100) with { ExpiresAt = expiry }, Cancellation);
        await store.WriteAsync("region/for ever", Value(3, 100), Cancellation);

        Assert.Equal(1, (await Redis("EXISTS", "oc:test:e:region/the key")).AsNumber());
        Assert.InRange((await Redis("PEXPIRETIME", "oc:test:e:region/the key")).AsNumber() - (expiry / 1000), 0, 1);
        Assert.Equal(-1, (await Redis("PTTL", "oc:test:e:region/for ever")).AsNumber());
    }

    [Fact]
    public async Task A_claim_stays_for_a_minute_and_a_raise_keeps_the_expiry_of_a_value()
    {
        var store = Get<IEntryStore>();
        await store.ReadAsync("k", 3, Cancellation);
        Assert.InRange((await Redis("PTTL", "oc:test:e:k")).AsNumber(), 50_000, 60_000);

        await store.WriteAsync("v", Value(3, 100) with { ExpiresAt = Now + 3_600_000_000 }, Cancellation);
        var expiry = (await Redis("PEXPIRETIME", "oc:test:e:v")).AsNumber();
        await store.ReadAsync("v", 4, Cancellation);
        Assert.True(expiry > 0);
        Assert.Equal(expiry, (await Redis("PEXPIRETIME", "oc:test:e:v")).AsNumber());
    }

    [Fact]
    public async Task A_claim_that_a_newer_owner_finds_stays_for_a_minute_from_then_on()
    {
        var store = Get<IEntryStore>();
        await store.ReadAsync("k", 3, Cancellation);
        await Redis("PEXPIRE", "oc:test:e:k", "9000");

        await store.ReadAsync("k", 3, Cancellation);
        Assert.InRange((await Redis("PTTL", "oc:test:e:k")).AsNumber(), 1, 9_000);
        await store.ReadAsync("k", 4, Cancellation);
        Assert.InRange((await Redis("PTTL", "oc:test:e:k")).AsNumber(), 50_000, 60_000);
    }

    [Fact]
    public async Task A_record_of_another_format_is_read_as_absent_left_as_it_is_and_written_over()
    {
        var other = "2" + new string('z', 60);
        await Redis("SET", "oc:test:e:k", other);

        Assert.Equal(default, await Get<IEntryStore>().ReadAsync("k", 1, Cancellation));
        Assert.Equal(other, (await Redis("GET", "oc:test:e:k")).Text);
        Assert.True((await Get<IEntryStore>().WriteAsync("k", Value(1, 1), Cancellation)).Written);
    }

    [Fact]
    public async Task Writes_are_judged_by_the_rule_in_all_64_bits_of_epoch_and_version()
    {
        var store = Get<IEntryStore>();
        long[] numbers = [(1L << 32) | 1, (1L << 32) | 2, (2L << 32) | 1, (2L << 32) | 2];
        foreach (var there in from epoch in numbers from version in numbers select Value(epoch, version))
        {
            foreach (var next in from epoch in numbers from version in numbers from id in new[] { there.OperationId, Guid.NewGuid() } select Value(epoch, version, "n", id))
            {
                var key = $"r/{there.Epoch}/{there.Version}/{next.Epoch}/{next.Version}/{next.OperationId == there.OperationId}";
                await store.WriteAsync(key, there, Cancellation);

                var verdict = WriteRule.Judge(Stamp(there), Stamp(next));

                var refusedBy = verdict == WriteVerdict.RefuseByEpoch ? there.Epoch : 0;
                Assert.Equal(new StoreWriteResult(verdict is WriteVerdict.Write or WriteVerdict.Repeated, refusedBy), await store.WriteAsync(key, next, Cancellation));
                var stands = verdict == WriteVerdict.Write ? next : there;
                Assert.Equal((stands.Version, stands.OperationId), (await store.ReadAsync(key, 3L << 32, Cancellation)) is var read ? (read.Record!.Version, read.Record.OperationId) : default);
            }
        }

        static RecordStamp Stamp(EntryRecord record) => new(record.Epoch, record.OperationId, record.Version);
    }

    [Fact]
    public async Task Reads_are_refused_by_a_higher_epoch_alone_in_all_its_64_bits()
    {
        var store = Get<IEntryStore>();
        long[] numbers = [(1L << 32) | 1, (1L << 32) | 2, (2L << 32) | 1, (2L << 32) | 2];
        foreach (var (there, reader, isClaim) in from there in numbers from reader in numbers from claim in new[] { false, true } select (there, reader, claim))
        {
            var key = $"r/{there}/{reader}/{isClaim}";
            if (isClaim)
                await store.ReadAsync(key, there, Cancellation);
            else
                await store.WriteAsync(key, Value(there, 1), Cancellation);

            var read = await store.ReadAsync(key, reader, Cancellation);

            Assert.Equal(there > reader ? there : 0, read.RefusedByEpoch);
            var former = await store.WriteAsync(key, Value(Math.Max(there, reader) - 1, 9), Cancellation);
            Assert.Equal(new StoreWriteResult(false, Math.Max(there, reader)), former);
        }
    }

    [Theory]
    [InlineData("not a record")]
    [InlineData("\u0001\u0001cut short")]
    public async Task Bytes_that_are_no_record_are_read_as_absent_and_written_over(string bytes)
    {
        await Redis("SET", "oc:test:e:k", bytes);

        Assert.Equal(default, await Get<IEntryStore>().ReadAsync("k", 1, Cancellation));
        Assert.True((await Get<IEntryStore>().WriteAsync("k", Value(1, 1), Cancellation)).Written);
    }

    [Fact]
    public async Task Each_answer_brings_a_sample_of_cluster_time_but_that_to_a_refused_write()
    {
        var (writing, reading) = (new SampledClusterClock(new ManualTimeProvider()), new SampledClusterClock(new ManualTimeProvider()));
        await Get<IEntryStore>().WriteAsync("k", Value(3, 100), Cancellation);

        await Store(writing).WriteAsync("k", Value(2, 101), Cancellation);
        await Store(writing).WriteAsync("k", Value(3, 99), Cancellation);
        Assert.Equal(0, writing.Earliest);
        await Store(writing).WriteAsync("k", Value(3, 101), Cancellation);
        await Store(reading).ReadAsync("k", 3, Cancellation);

        Assert.InRange(Now - writing.Earliest, 0, 60_000_000);
        Assert.InRange(Now - reading.Earliest, 0, 60_000_000);

        RedisEntryStore Store(SampledClusterClock clock) =>
            new(Get<IRedisDatabase>(), Get<RedisKeys>(), clock, Get<LeasedOwnership>(), TestMeters.Storage(), NullLogger<RedisEntryStore>.Instance);
    }

    [Fact]
    public async Task A_server_that_is_away_is_unavailable_and_comes_back()
    {
        using var outcomes = new StoreOutcomes(Meters);
        var store = Get<IEntryStore>();
        await store.WriteAsync("k", Value(1, 1), Cancellation);
        await _server!.KillAsync();

        await Eventually.TrueAsync(() => !store.IsReachable, cancellationToken: Cancellation);
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync("k", Value(1, 2), Cancellation));
        Assert.False(failure.MaybeApplied);
        Assert.Equal(["write written", "write unavailable"], outcomes.Counted);

        await _server.RestartAsync(Cancellation);
        await Eventually.TrueAsync(() => store.IsReachable, cancellationToken: Cancellation);
        Assert.True((await store.WriteAsync("k", Value(1, 3), Cancellation)).Written);
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_may_have_been_made_and_counts_as_written_when_repeated()
    {
        var store = Get<IEntryStore>();
        var record = Value(1, 1);
        await store.WriteAsync("other", Value(1, 1), Cancellation);     // the server has the script
        await _server!.PauseAsync();
        var lost = store.WriteAsync("k", record, Cancellation).AsTask();
        await Eventually.TrueAsync(() => !lost.IsCompleted, cancellationToken: Cancellation);

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => lost);
        Assert.True(failure.MaybeApplied);
        await _server.ResumeAsync();
        await Eventually.TrueAsync(() => store.IsReachable, cancellationToken: Cancellation);

        await Eventually.TrueAsync(async () => (await store.ReadAsync("k", 1, Cancellation)).Record?.OperationId == record.OperationId, cancellationToken: Cancellation);
        Assert.True((await store.WriteAsync("k", record, Cancellation)).Written);
    }

    [Fact]
    public async Task A_script_that_the_server_forgot_is_sent_again()
    {
        await Get<IEntryStore>().WriteAsync("k", Value(1, 1), Cancellation);
        await Redis("SCRIPT", "FLUSH");

        Assert.True((await Get<IEntryStore>().WriteAsync("k", Value(1, 2), Cancellation)).Written);
    }

    private T Get<T>()
        where T : notnull => _host!.Services.GetRequiredService<T>();

    private async Task<RedisAnswer> Redis(params string[] command) => await Get<IRedisDatabase>().ExecuteAsync(command, Cancellation);
}
