namespace OrleansCache;

/// <summary>The names under which a cluster keeps things in Redis.</summary>
internal sealed class RedisKeys(string clusterId)
{
    public string ClusterId => clusterId;

    /// <param name="grainKey">Region and key, as in <c>oc:{cluster}:e:{region}:{key}</c>.</param>
    public string Entry(string grainKey) => $"oc:{clusterId}:e:{grainKey}";

    public string State(string name) => $"oc:{clusterId}:s:{name}";

    public string Tags => $"oc:{clusterId}:raises";

    /// <summary>A channel: where raises are told of.</summary>
    public string TagNews => $"oc:{clusterId}:raised";

    public string Silos => ClusterView.RedisKey(clusterId);

    /// <summary>A channel.</summary>
    public string Views => ClusterView.RedisChannel(clusterId);
}
