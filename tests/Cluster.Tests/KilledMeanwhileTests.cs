using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>What is on its way in grains that keep nothing in the store, when their silo is killed: who asks holds it, and asks the next.</summary>
public sealed class KilledMeanwhileTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_debounced_invalidation_whose_silo_is_killed_is_raised_by_the_next()
    {
        await using var cluster = await ClusterProcess.StartAsync(3);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        string[] tags = [.. Enumerable.Range(0, 30).Select(static i => $"tag-{i}")];     // each silo has some
        foreach (var tag in tags)
            await cache.SetAsync(CacheKey.Of("items", tag), tag, new() { Tags = [tag] }, ct: Ct);

        var raising = cache.RemoveByTagAsync(tags, TimeSpan.FromSeconds(2), ct: Ct).AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Ct);      // all were heard
        await cluster.Silos[1].KillAsync();
        await raising.WaitAsync(Patience, Ct);

        foreach (var tag in tags)
            Assert.False((await cache.GetAsync<string>(CacheKey.Of("items", tag), Ct)).HasValue, tag);
        await client.StopAsync(Ct);
    }

    [Fact]
    public async Task A_call_for_many_keys_whose_silo_is_killed_is_made_again_by_the_next()
    {
        await using var origin = CountingOrigin.Start(delay: TimeSpan.FromSeconds(2));
        await using var cluster = await ClusterProcess.StartAsync(
            3, [.. origin.Settings, "--OrleansCache:Integrations:origin:Methods:item:Many:Get=items/{id}", "--OrleansCache:Integrations:origin:Methods:item:Many:Argument=id", "--OrleansCache:Integrations:origin:Methods:item:Many:Max=10"]);
        using var client = await cluster.ConnectAsync();
        var cache = client.Services.GetRequiredService<IOrleansCache>();
        var args = Enumerable.Range(0, 120).Select(static id => new Dictionary<string, string?> { ["id"] = $"{id}" }).ToArray();

        var calling = cache.CallManyAsync<int>("origin", "item", args, Ct).AsTask();
        await Eventually.TrueAsync(() => origin.Calls >= 8, cancellationToken: Ct);
        await cluster.Silos[1].KillAsync();
        var results = await calling.WaitAsync(Patience, Ct);

        Assert.Equal(Enumerable.Range(0, args.Length), results.Select(static r => r.Error is null ? r.Result.Value : throw r.Error));
        var asked = origin.Asked.SelectMany(static ids => ids.Split(',')).Select(static id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(args.Length, asked.Distinct().Count());
        Assert.All(origin.Asked, static ids => Assert.InRange(ids.Split(',').Length, 1, 10));
        await client.StopAsync(Ct);
    }
}
