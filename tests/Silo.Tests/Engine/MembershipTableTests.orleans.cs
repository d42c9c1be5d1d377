using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace OrleansCache.Silo.Tests;

/// <summary>Orleans' table of silos in a Redis that loses it.</summary>
public sealed class MembershipTableTests : IAsyncLifetime
{
    private const string Table = "test/members/test";
    private static readonly SiloAddress Here = SiloAddress.New(System.Net.IPEndPoint.Parse("10.0.0.1:11111"), 1);
    private readonly ManualTimeProvider _time = new();
    private readonly KnownSilos _known = new(Here);
    private RedisServer? _server;
    private RedisDatabase? _redis;
    private MembershipTableKeeper? _keeper;
    private int _refreshed;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        _server = await RedisServer.StartAsync(cancellationToken: Ct);
        _redis = new(_server.EndPoint, TimeProvider.System);
        await _redis.ConnectAsync(Ct);
        await WriteAsync("7", (Here.ToString(), "mine"), ("other", "one"));
        _known.OnRefresh = () => _refreshed++;
        var cluster = Options.Create(new ClusterOptions { ClusterId = "test", ServiceId = "test" });
        _keeper = new(_redis, Options.Create(new RedisClusteringOptions()), cluster, _known, _known, _time, NullLogger<MembershipTableKeeper>.Instance);
        await _keeper.StartAsync(Ct);
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1, cancellationToken: Ct);
    }

    [Fact]
    public async Task A_table_that_was_lost_is_brought_back_above_all_versions_that_were_seen()
    {
        await _redis!.ExecuteAsync(["DEL", Table], Ct);

        await LookAsync();

        Assert.Equal((1_007, "mine", "one"), (await VersionAsync(), await RowAsync(Here.ToString()), await RowAsync("other")));
        Assert.Equal(1, _refreshed);
    }

    [Fact]
    public async Task An_older_table_gets_what_it_lacks_and_keeps_what_it_has()
    {
        await _redis!.ExecuteAsync(["DEL", Table], Ct);
        await WriteAsync("5", (Here.ToString(), "mine, older"));

        await LookAsync();

        Assert.Equal((1_007, "mine, older", "one"), (await VersionAsync(), await RowAsync(Here.ToString()), await RowAsync("other")));
    }

    [Fact]
    public async Task A_table_that_others_began_anew_gets_this_silo_back()
    {
        await _redis!.ExecuteAsync(["DEL", Table], Ct);
        await WriteAsync("9", ("new", "begun"));

        await LookAsync();

        Assert.Equal((1_009, "mine", "begun"), (await VersionAsync(), await RowAsync(Here.ToString()), await RowAsync("new")));
    }

    [Fact]
    public async Task A_table_that_goes_on_is_left_alone_and_the_newest_is_what_is_brought_back()
    {
        await WriteAsync("8", ("joined", "two"));
        await LookAsync();
        Assert.Equal((8, 0), (await VersionAsync(), _refreshed));
        await _redis!.ExecuteAsync(["DEL", Table], Ct);

        await LookAsync();

        Assert.Equal((1_008, "two"), (await VersionAsync(), await RowAsync("joined")));
    }

    public async ValueTask DisposeAsync()
    {
        if (_keeper is { } keeper)
        {
            await keeper.StopAsync(CancellationToken.None);
            keeper.Dispose();
        }
        if (_redis is { } redis)
            await redis.DisposeAsync();
        if (_server is { } server)
            await server.DisposeAsync();
    }

    private async Task LookAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => _time.ActiveTimers == 1, cancellationToken: Ct);
    }

    private async Task WriteAsync(string version, params (string Name, string Row)[] rows) =>
        await _redis!.ExecuteAsync(["HSET", Table, "Version", version, .. rows.SelectMany(static row => new[] { row.Name, row.Row })], Ct);

    private async Task<long> VersionAsync() => (await _redis!.ExecuteAsync(["HGET", Table, "Version"], Ct)).AsNumber();

    private async Task<string> RowAsync(string name) => (await _redis!.ExecuteAsync(["HGET", Table, name], Ct)).Text;
}
