using System.Net;
using OrleansCache.Redis;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: the silos that the view in Redis names. Each question has a connection of its own, for there are few.</summary>
internal sealed class RedisSilos
{
    private readonly RedisConnectionOptions _redis;
    private readonly string _clusterId;
    private readonly TimeProvider _time;

    /// <param name="connectionString">In StackExchange.Redis' form.</param>
    /// <param name="clusterId">Whose silos.</param>
    /// <param name="patience">How long Redis may take to connect, at most; a shorter <c>connectTimeout</c> stands.</param>
    /// <param name="time">Measures that.</param>
    /// <exception cref="FormatException">The connection string is none.</exception>
    public RedisSilos(string connectionString, string clusterId, TimeSpan patience, TimeProvider time)
    {
        _redis = RedisConnectionOptions.Parse(connectionString + ",abortConnect=true");
        if (_redis.ConnectTimeout > patience)
            _redis.ConnectTimeout = patience;
        (_clusterId, _time) = (clusterId, time);
    }

    /// <exception cref="RedisConnectionException">Redis was not reached.</exception>
    /// <exception cref="RedisServerException">Redis refused.</exception>
    /// <exception cref="SiloUnavailableException">No silo of this cluster is there.</exception>
    public async Task<IReadOnlyCollection<EndPoint>> FindAsync(CancellationToken cancellationToken)
    {
        var client = await RedisClient.ConnectAsync(_redis, _time, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using var closing = client.ConfigureAwait(false);
        var view = await client.ExecuteAsync(["HGET", ClusterView.RedisKey(_clusterId), ClusterView.RedisField], cancellationToken).ConfigureAwait(false);
        var members = view.AsBytes() is { } json && ClusterView.Parse(json) is { } known ? known.Members : [];
        EndPoint[] silos = [.. members.Where(member => !member.IsLeaving).Select(member => member.EndPoint).OfType<EndPoint>()];
        return silos.Length > 0 ? silos : throw new SiloUnavailableException($"Redis at {_redis} names no silo of cluster '{_clusterId}' that runs.");
    }
}
