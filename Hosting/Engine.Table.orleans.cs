using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace OrleansCache;

/// <summary>
/// Engine <c>orleans</c>: brings Orleans' membership table back where Redis lost it, or has an older one. By itself no silo takes that for true, so
/// that those who went on would never see one that starts later, nor would it see them.
/// </summary>
internal sealed class MembershipTableKeeper(
    IRedisDatabase redis, IOptions<RedisClusteringOptions> clustering, IOptions<ClusterOptions> cluster, ILocalSiloDetails local,
    IClusterMembershipService membership, TimeProvider time, ILogger<MembershipTableKeeper> logger) : BackgroundService
{
    private const string Version = "Version";

    /// <summary>Above any version that another silo has seen and this one has not.</summary>
    private const int Ahead = 1_000;

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>ARGV: a version, then name and row of each silo. Rows that are there stay.</summary>
    private static readonly RedisScriptText Restore = new("""
        for i = 2, #ARGV, 2 do
          redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
        end
        local version = redis.call('HGET', KEYS[1], 'Version')
        if not version or tonumber(version) < tonumber(ARGV[1]) then
          redis.call('HSET', KEYS[1], 'Version', ARGV[1])
        end
        return 1
        """);

    private readonly string _key = clustering.Value.CreateRedisKey(cluster.Value).ToString();
    private readonly string _self = local.SiloAddress.ToString();
    private RedisWord[] _rows = [];
    private long _version = -1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is StoreUnavailableException or OperationCanceledException)
            {
                // It is looked again.
            }
#pragma warning disable CA1031 // Orleans' own connection may be away while ours is back, and what is thrown here would end the silo.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                logger.TableNotLookedAt(exception);
            }
            await Task.Delay(Pace, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var found = await redis.ExecuteAsync(["HMGET", _key, Version, _self], cancellationToken).ConfigureAwait(false);
        var version = found[0].IsNil ? -1 : found[0].AsNumber();
        if (_rows.Length > 0 && (version < _version || found[1].IsNil))
            await RestoreAsync(Math.Max(version, _version) + Ahead, cancellationToken).ConfigureAwait(false);
        else if (version != _version && !found[1].IsNil)
            await KeepAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        var rows = new List<RedisWord>();
        var (version, all) = (-1L, await redis.ExecuteAsync(["HGETALL", _key], cancellationToken).ConfigureAwait(false));
        for (var i = 0; i < all.Count; i += 2)
        {
            if (all[i].Text == Version)
                version = all[i + 1].AsNumber();
            else
                rows.AddRange([all[i].Bytes!, all[i + 1].Bytes!]);
        }
        (_rows, _version) = ([.. rows], version);
    }

    private async Task RestoreAsync(long version, CancellationToken cancellationToken)
    {
        await redis.EvaluateAsync(Restore, _key, [version, .. _rows], cancellationToken).ConfigureAwait(false);
        logger.TableRestored(version);
        await membership.Refresh(cancellationToken: cancellationToken).ConfigureAwait(false);
        await KeepAsync(cancellationToken).ConfigureAwait(false);
    }
}
