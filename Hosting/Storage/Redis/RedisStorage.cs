using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>The connection to Redis, there before anything starts.</summary>
internal sealed class RedisStorage(IRedisDatabase redis, TimeProvider time, ILogger<RedisStorage> logger) : IStorageStep
{
    private static readonly Version Oldest = new(6, 2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        try
        {
            await redis.ConnectAsync(cancellationToken).WaitAsync(LeasedOwnership.StartLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Told below.
        }
        while (!redis.IsConnected || !await TryCheckVersionAsync(began, cancellationToken).ConfigureAwait(false))
        {
            if (time.GetElapsedTime(began) > LeasedOwnership.StartLimit)
            {
                throw new StartRefusedException(
                    $"Redis at {redis.Description} (ConnectionStrings:redis) was not reached within {LeasedOwnership.StartLimit.TotalSeconds} s: {redis.LastFailure?.TrimEnd('.')}. "
                    + "Start it, or correct the connection string.");
            }
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
        await CheckSettingsAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask CloseAsync() => redis.DisposeAsync();

    // False when it did not answer, as when the connection broke meanwhile, and there is time to ask again.
    private async Task<bool> TryCheckVersionAsync(long began, CancellationToken cancellationToken)
    {
        try
        {
            var info = (await redis.ExecuteAsync(["INFO", "server"], cancellationToken).ConfigureAwait(false)).Text;
            if (Version.TryParse(Line(info, "redis_version:"), out var version) && version < Oldest)
                throw new StartRefusedException($"Redis at {redis.Description} (ConnectionStrings:redis) is version {version}; {Oldest} or newer is needed (SET with PXAT).");
            return true;
        }
        catch (StoreUnavailableException) when (time.GetElapsedTime(began) <= LeasedOwnership.StartLimit)
        {
            return false;
        }
    }

    private static string? Line(string info, string name)
        => info.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();

    // What would lose acknowledged entries is worth a warning; not being allowed to ask is too.
    private async Task CheckSettingsAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await SettingAsync("maxmemory-policy", cancellationToken).ConfigureAwait(false) is not "noeviction" and var policy)
                logger.RedisSetting("maxmemory-policy", policy, "Redis may throw entries and the lease away; set it to noeviction.");
            if (await SettingAsync("appendonly", cancellationToken).ConfigureAwait(false) != "yes")
                logger.RedisSetting("appendonly", "no", "Acknowledged writes may be lost when Redis ends; set appendonly yes.");
            var replication = (await redis.ExecuteAsync(["INFO", "replication"], cancellationToken).ConfigureAwait(false)).Text;
            if (Line(replication, "connected_slaves:") is not (null or "0") and var replicas)
                logger.RedisSetting("connected_slaves", replicas, "A failover to a replica may lose acknowledged writes.");
        }
        catch (StoreUnavailableException exception)
        {
            logger.RedisSettingsUnknown(exception);
        }
    }

    private async Task<string> SettingAsync(string name, CancellationToken cancellationToken)
        => (await redis.ExecuteAsync(["CONFIG", "GET", name], cancellationToken).ConfigureAwait(false))[1].Text;
}
