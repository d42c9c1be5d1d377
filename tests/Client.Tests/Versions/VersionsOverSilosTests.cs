using OrleansCache.Cluster;
using OrleansCache.Strategies;
using OrleansCache.TestSupport;

namespace OrleansCache.Versions;

public sealed class VersionsOverOneSiloTests(OneSiloFixture silos) : VersionsOverSilosTests(silos), IClassFixture<OneSiloFixture>;

public sealed class VersionsOverThreeSilosTests(ThreeSilosFixture silos) : VersionsOverSilosTests(silos), IClassFixture<ThreeSilosFixture>;

/// <summary>Two processes that read what they cached by its origin's version.</summary>
public abstract class VersionsOverSilosTests(SilosFixture silos)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly Origin _origin = new();

    [Fact]
    public async Task The_same_version_is_served_and_a_changed_one_is_recomputed_once_for_both_processes()
    {
        var (one, two) = Both("changed");

        Assert.Equal(("7 v1 of call 1", "7 v1 of call 1"), (await one("7", default), await two("7", default)));
        _origin.Version = "v2";
        Assert.Equal(("7 v2 of call 2", "7 v2 of call 2"), (await two("7", default), await one("7", default)));
    }

    [Fact]
    public async Task Two_replicas_that_find_a_changed_version_at_once_do_not_fetch_twice()
    {
        var (one, two) = Both("replicas");
        await one("7", default);
        (_origin.Version, _origin.Gate) = ("v2", new());

        var readers = Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? one("7", default) : two("7", default)).ToArray();
        await Eventually.TrueAsync(() => _origin.Calls == 2);
        _origin.Gate.SetResult();

        Assert.All(await Task.WhenAll(readers).WaitAsync(Eventually.Deadline), value => Assert.Equal("7 v2 of call 2", value));
        Assert.Equal(2, _origin.Calls);
    }

    [Fact]
    public async Task Reads_of_a_session_agree_for_each_argument_set_while_others_go_on()
    {
        var (one, two) = Both("sessions");
        string[] ids = [.. Enumerable.Range(0, 30).Select(static i => $"{i}")];
        foreach (var id in ids)
            await one(id, default);

        using (CacheSession.Begin())
        {
            foreach (var id in ids)
                Assert.Contains("v1", await one(id, default), StringComparison.Ordinal);
            (_origin.Version, _origin.Asked) = ("v2", 0);
            foreach (var id in ids)
                Assert.Contains("v1", await one(id, default), StringComparison.Ordinal);
            Assert.Equal(0, _origin.Asked);
        }

        foreach (var id in ids)
            Assert.Contains("v2", await two(id, default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_is_overtaken_goes_forward_and_never_back()
    {
        var (one, two) = Both("overtaken");
        using var session = CacheSession.Begin();
        await one("7", default);
        _origin.Version = "v2";
        await Task.Run(async () => { using (CacheSession.Begin()) await two("7", default); });

        var calls = _origin.Calls;
        Assert.Equal("7 v2 of call 2", await one("7", default));
        Assert.Equal("7 v2 of call 2", await Task.Run(async () => { using (CacheSession.Begin()) return await two("7", default); }));

        Assert.Equal(calls, _origin.Calls);
    }

    [Fact]
    public async Task A_ceiling_on_lifetime_ends_a_value_of_the_same_version()
    {
        var get = silos.One.Decorate("ceiling", "get", _origin.ReadAsync, CacheStrategy.Versioned(_origin.VersionAsync, TimeSpan.FromMilliseconds(1)));
        await get("7", default);

        await Eventually.TrueAsync(async () => await get("7", default) != "7 v1 of call 1");
    }

    private (Func<string, CancellationToken, Task<string>> One, Func<string, CancellationToken, Task<string>> Two) Both(string integration)
    {
        var strategy = CacheStrategy.Versioned(_origin.VersionAsync, Hour);
        return (silos.One.Decorate("v-" + integration, "get", _origin.ReadAsync, strategy), silos.Two.Decorate("v-" + integration, "get", _origin.ReadAsync, strategy));
    }
}

public sealed class VersionedBoundTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Entries_beyond_a_regions_bound_leave_memory_and_are_of_their_version_when_they_come_back(int count)
    {
        await using var silos = await Silos.StartAsync(count, ("OrleansCache:Regions:default:MaxEntries", "2"));
        var (origin, cache) = (new Origin(), await silos.CacheAsync());
        var get = cache.Decorate("bounded", "get", origin.ReadAsync, CacheStrategy.Versioned(origin.VersionAsync, TimeSpan.FromHours(1)));
        string[] ids = [.. Enumerable.Range(0, 20).Select(static i => $"{i}")];
        foreach (var id in ids)
            await get(id, default);

        foreach (var id in ids)
            Assert.Contains("v1", await get(id, default), StringComparison.Ordinal);
        Assert.Equal(20, origin.Calls);

        origin.Version = "v2";
        Assert.Equal("3 v2 of call 21", await get("3", default));
    }
}

/// <summary>An origin with one version.</summary>
internal sealed class Origin
{
    private int _calls;
    private int _asked;

    public string Version { get; set; } = "v1";

    public TaskCompletionSource? Gate { get; set; }

    public int Calls => Volatile.Read(ref _calls);

    public int Asked
    {
        get => Volatile.Read(ref _asked);
        set => _asked = value;
    }

    public Func<string, CancellationToken, Task<string>> ReadAsync => async (id, ct) =>
    {
        var (version, call) = (Version, Interlocked.Increment(ref _calls));
        if (Gate is { } gate)
            await gate.Task.WaitAsync(Eventually.Deadline, ct);
        return $"{id} {version} of call {call}";
    };

    public Func<VersionCall, CancellationToken, ValueTask<string?>> VersionAsync => (_, _) =>
    {
        Interlocked.Increment(ref _asked);
        return new(Version);
    };
}
