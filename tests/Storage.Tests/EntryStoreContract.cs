using System.Diagnostics.Metrics;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>What every entry store must do. Each test has a fresh store.</summary>
public abstract class EntryStoreContract : IAsyncLifetime
{
    private const long Second = 1_000_000;
    private IEntryStore _store = null!;

    private protected abstract ValueTask<IEntryStore> OpenAsync();

    private protected abstract long Now { get; }

    /// <summary>Where the store counts.</summary>
    private protected abstract IMeterFactory Meters { get; }

    public abstract ValueTask DisposeAsync();

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected static EntryRecord Value(long epoch, long version, string text = "v", Guid? operation = null) => new()
    {
        Kind = RecordKind.Value,
        Epoch = epoch,
        OperationId = operation ?? Guid.NewGuid(),
        Version = version,
        ContentType = "text/plain",
        Bytes = System.Text.Encoding.UTF8.GetBytes(text),
        Tags = ["a"],
    };

    [Fact]
    public async Task A_written_record_is_read_as_it_was()
    {
        var record = Value(3, 100, "hello") with { FreshUntil = Now + (30 * Second), ExpiresAt = Now + (60 * Second) };

        Assert.Equal(new StoreWriteResult(true, 0), await _store.WriteAsync("r/k", record, Cancellation));

        var read = await _store.ReadAsync("r/k", 3, Cancellation);
        Assert.Equal("hello"u8.ToArray(), read.Record!.Bytes);
        Assert.Equal(record.Tags.AsEnumerable(), read.Record.Tags.AsEnumerable());
        Assert.Equal(record with { Bytes = [], Tags = [] }, read.Record with { Bytes = [], Tags = [] });
    }

    [Fact]
    public async Task Nothing_stored_is_nothing_read() => Assert.Equal(default, await _store.ReadAsync("r/none", 1, Cancellation));

    [Fact]
    public async Task A_read_raises_the_epoch_so_that_a_former_owners_write_does_nothing()
    {
        await _store.WriteAsync("r/k", Value(3, 100, "old"), Cancellation);
        var read = await _store.ReadAsync("r/k", 4, Cancellation);
        Assert.Equal(4, read.Record!.Epoch);

        var late = await _store.WriteAsync("r/k", Value(3, 101, "late"), Cancellation);

        Assert.Equal(new StoreWriteResult(false, 4), late);
        Assert.Equal("old"u8.ToArray(), (await _store.ReadAsync("r/k", 4, Cancellation)).Record!.Bytes);
    }

    [Fact]
    public async Task A_read_of_an_absent_key_claims_it()
    {
        await _store.ReadAsync("r/k", 4, Cancellation);

        Assert.Equal(new StoreWriteResult(false, 4), await _store.WriteAsync("r/k", Value(3, 100), Cancellation));
        Assert.Equal(default, await _store.ReadAsync("r/k", 4, Cancellation));
        Assert.True((await _store.WriteAsync("r/k", Value(4, 100), Cancellation)).Written);
    }

    [Fact]
    public async Task A_former_owner_may_not_read_either()
    {
        await _store.ReadAsync("r/k", 4, Cancellation);

        Assert.Equal(new StoreReadResult(null, 4), await _store.ReadAsync("r/k", 3, Cancellation));
    }

    [Fact]
    public async Task An_older_version_of_the_same_owner_does_nothing()
    {
        await _store.WriteAsync("r/k", Value(3, 100, "new"), Cancellation);

        Assert.Equal(new StoreWriteResult(false, 0), await _store.WriteAsync("r/k", Value(3, 99, "old"), Cancellation));

        Assert.Equal("new"u8.ToArray(), (await _store.ReadAsync("r/k", 3, Cancellation)).Record!.Bytes);
    }

    [Fact]
    public async Task A_newer_owner_may_write_a_lower_version()
    {
        await _store.WriteAsync("r/k", Value(3, 100), Cancellation);

        Assert.True((await _store.WriteAsync("r/k", Value(4, 50), Cancellation)).Written);
    }

    [Fact]
    public async Task The_same_operation_again_counts_as_written_and_changes_nothing()
    {
        var record = Value(3, 100, "first");
        await _store.WriteAsync("r/k", record, Cancellation);

        Assert.True((await _store.WriteAsync("r/k", record with { Bytes = "again"u8.ToArray() }, Cancellation)).Written);

        Assert.Equal("first"u8.ToArray(), (await _store.ReadAsync("r/k", 3, Cancellation)).Record!.Bytes);
    }

    [Fact]
    public async Task Another_operation_at_the_same_version_replaces_the_record()
    {
        await _store.WriteAsync("r/k", Value(3, 100, "first"), Cancellation);

        Assert.True((await _store.WriteAsync("r/k", Value(3, 100, "renewed"), Cancellation)).Written);

        Assert.Equal("renewed"u8.ToArray(), (await _store.ReadAsync("r/k", 3, Cancellation)).Record!.Bytes);
    }

    [Fact]
    public async Task Each_operation_is_counted_once_by_its_outcome()
    {
        using var outcomes = new StoreOutcomes(Meters);

        await _store.ReadAsync("r/k", 4, Cancellation);
        await _store.WriteAsync("r/k", Value(4, 100), Cancellation);
        await _store.ReadAsync("r/k", 4, Cancellation);
        await _store.ReadAsync("r/k", 3, Cancellation);
        await _store.WriteAsync("r/k", Value(3, 101), Cancellation);

        Assert.Equal(["read absent", "write written", "read found", "read refused", "write refused"], outcomes.Counted);
    }

    [Fact]
    public async Task A_removal_keeps_its_operation_and_version()
    {
        await _store.WriteAsync("r/k", Value(3, 100), Cancellation);
        var removal = new EntryRecord
        {
            Kind = RecordKind.Removed, Epoch = 3, OperationId = Guid.NewGuid(), Version = 101, ExpiresAt = Now + (3600 * Second),
        };

        await _store.WriteAsync("r/k", removal, Cancellation);

        var read = (await _store.ReadAsync("r/k", 3, Cancellation)).Record!;
        Assert.Equal((RecordKind.Removed, removal.OperationId, 101), (read.Kind, read.OperationId, read.Version));
    }

    [Fact]
    public async Task An_expired_record_is_gone()
    {
        await _store.WriteAsync("r/k", Value(3, 100) with { ExpiresAt = Now + (Second / 20) }, Cancellation);

        await Eventually.TrueAsync(async () => (await _store.ReadAsync("r/k", 3, Cancellation)).Record is null, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_record_that_has_expired_already_replaces_what_is_there()
    {
        await _store.WriteAsync("r/k", Value(3, 100), Cancellation);

        await _store.WriteAsync("r/k", Value(3, 101) with { ExpiresAt = Now - Second }, Cancellation);

        Assert.Null((await _store.ReadAsync("r/k", 3, Cancellation)).Record);
    }

    [Fact]
    public async Task Of_racing_writes_the_highest_version_stands()
    {
        await Task.WhenAll(Enumerable.Range(1, 200).Select(version => Task.Run(
            async () => await _store.WriteAsync("r/k", Value(3, version, $"{version}"), Cancellation), Cancellation)));

        Assert.Equal("200"u8.ToArray(), (await _store.ReadAsync("r/k", 3, Cancellation)).Record!.Bytes);
    }

    [Fact]
    public async Task Large_values_and_long_keys_come_back()
    {
        var key = "r/" + new string('é', 2000);
        var bytes = new byte[8 << 20];
        new Random(1).NextBytes(bytes);

        await _store.WriteAsync(key, Value(3, 100) with { Bytes = bytes }, Cancellation);

        Assert.Equal(bytes, (await _store.ReadAsync(key, 3, Cancellation)).Record!.Bytes);
    }
}
