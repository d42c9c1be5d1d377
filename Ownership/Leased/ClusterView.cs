using System.Collections.Immutable;
using System.Text.Json;

namespace OrleansCache;

/// <summary>Who serves the cluster's keys, under a number that only grows. Its JSON form is stored.</summary>
/// <param name="Number">Each change takes the next; a beginning jumps to the store's time in milliseconds, past every number that was lost.</param>
/// <param name="Members">In the order in which they joined.</param>
/// <param name="Beginning">The number with which views last began: before it there were none, or they were lost.</param>
/// <param name="WaitsOut">
/// Since the beginning nobody has waited a whole lease yet: a silo that nobody knows of may still have a fence.
/// </param>
internal sealed record ClusterView(long Number, ImmutableArray<SiloMember> Members, long Beginning = 0, bool WaitsOut = false)
{
    /// <summary>The field with the view, in the hash that <see cref="RedisKey"/> names.</summary>
    public const string RedisField = "view";

    /// <summary>Before the first view.</summary>
    public static ClusterView None { get; } = new(0, []);

    /// <summary>The hash in Redis that holds the view and the leases.</summary>
    public static string RedisKey(string clusterId) => $"oc:{clusterId}:silos";

    /// <summary>Where the number of each new view is published. A hint: a message may be lost.</summary>
    public static string RedisChannel(string clusterId) => $"oc:{clusterId}:views";

    public static ClusterView? Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<ClusterView>(json, JsonSerializerOptions.Web);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    public SiloMember? Find(Guid incarnation)
    {
        foreach (var member in Members)
            if (member.Incarnation == incarnation)
                return member;
        return null;
    }
}
