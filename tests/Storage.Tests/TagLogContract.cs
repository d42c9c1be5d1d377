using System.Collections.Immutable;

namespace OrleansCache.Storage.Tests;

/// <summary>What the tag log must do over every durable store.</summary>
public abstract class TagLogContract : IAsyncLifetime
{
    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The store, as a silo that has just started finds it.</summary>
    private protected abstract ValueTask<ITagStore> RestartAsync(int capacity = ITagStore.Capacity);

    private protected abstract ValueTask LoseAsync();

    private protected virtual CoarseClock Clock => CoarseClock.System;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    private async Task<TagLog> StartAsync(int capacity = ITagStore.Capacity)
    {
        var log = new TagLog(await RestartAsync(capacity), Clock, TimeProvider.System);
        await log.SynchroniseAsync(Cancellation);
        return log;
    }

    [Fact]
    public async Task Raises_are_known_after_a_restart()
    {
        var log = await StartAsync();
        var before = log.Head;
        var raised = await log.RaiseAsync(["a", "b"], Cancellation);
        var generation = log.Generation;
        Assert.False(log.IsGood(TagHash.Of(["b"]), before, generation));

        log = await StartAsync();

        Assert.Equal((raised, generation), (log.Head, log.Generation));
        Assert.False(log.IsGood(TagHash.Of(["b"]), before, generation));
        Assert.True(log.IsGood(TagHash.Of(["b"]), raised, generation));
        Assert.True(log.IsGood(TagHash.Of(["c"]), before, generation));
    }

    [Fact]
    public async Task Numbers_grow_by_one_and_go_on_after_a_restart()
    {
        var log = await StartAsync();
        var first = await log.RaiseAsync(["a"], Cancellation);
        Assert.Equal(first + 1, await log.RaiseAsync(["a"], Cancellation));

        log = await StartAsync();

        Assert.Equal(first + 2, await log.RaiseAsync(["a"], Cancellation));
    }

    [Fact]
    public async Task A_lost_log_makes_every_tagged_entry_suspect_after_a_restart()
    {
        var log = await StartAsync();
        var (born, generation) = (await log.RaiseAsync(["a"], Cancellation), log.Generation);
        await LoseAsync();

        log = await StartAsync();

        Assert.NotEqual(generation, log.Generation);
        Assert.False(log.IsGood(TagHash.Of(["other"]), born, generation));
        Assert.True(log.IsGood([], born, generation));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_entry_that_knows_more_than_the_log_shows_that_raises_were_lost()
    {
        var log = await StartAsync();
        var (head, generation) = (await log.RaiseAsync(["a"], Cancellation), log.Generation);

        Assert.False(log.IsGood(TagHash.Of(["b"]), head + 5, generation));

        await log.LearnAsync(head + 5, generation, Cancellation);

        Assert.NotEqual(generation, log.Generation);
        Assert.False(log.IsGood(TagHash.Of(["b"]), head, generation));
        (head, generation) = (log.Head, log.Generation);
        log = await StartAsync();
        Assert.Equal((head, generation), (log.Head, log.Generation));
        Assert.Equal(head + 1, await log.RaiseAsync(["a"], Cancellation));
    }

    [Fact]
    public async Task What_the_capped_list_no_longer_has_counts_as_raised()
    {
        var log = await StartAsync(capacity: 4);
        var born = log.Head;
        await log.RaiseAsync(["a"], Cancellation);
        for (var i = 0; i < 7; i++)
            await log.RaiseAsync([$"filler{i}"], Cancellation);

        var other = await StartAsync(capacity: 4);

        Assert.Equal((log.Head, log.Generation), (other.Head, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["a"]), born, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["filler3"]), log.Head - 4, other.Generation));
        Assert.False(other.IsGood(TagHash.Of(["b"]), log.Head - 5, other.Generation));
        Assert.True(other.IsGood(TagHash.Of(["b"]), log.Head - 4, other.Generation));
        Assert.True(other.IsGood(TagHash.Of(["a"]), other.Head, other.Generation));
    }

    [Fact]
    public async Task Raises_that_come_together_all_count()
    {
        var log = await StartAsync();
        var (born, generation) = (log.Head, log.Generation);

        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () => await log.RaiseAsync([$"t{i}"], Cancellation), Cancellation)));

        Assert.True(log.Head <= born + 500);
        log = await StartAsync();
        Assert.All(Enumerable.Range(0, 500), i => Assert.False(log.IsGood(TagHash.Of([$"t{i}"]), born, generation)));
    }

    [Fact]
    public async Task A_raise_without_tags_changes_nothing()
    {
        var log = await StartAsync();

        Assert.Equal(log.Head, await log.RaiseAsync(ImmutableArray<string>.Empty, Cancellation));
    }
}

public sealed class FileTagLogTests : TagLogContract
{
    private readonly TestFolder _folder = new();

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => _folder.DisposeAsync();

    private protected override async ValueTask<ITagStore> RestartAsync(int capacity)
    {
        await _folder.OpenAsync();
        return new FileTagStore(_folder.Storage) { Capacity = capacity };
    }

    private protected override async ValueTask LoseAsync()
    {
        await _folder.CloseAsync();
        Directory.Delete(_folder.Entries, recursive: true);
    }
}
