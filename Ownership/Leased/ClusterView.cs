using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>Who serves the cluster's keys, under a number that only grows. Its JSON form is stored.</summary>
internal sealed record ClusterView(long Number, ImmutableArray<SiloMember> Members)
{
    /// <summary>The field with the view, in the hash that <see cref="RedisKey"/> names.</summary>
    public const string RedisField = "view";

    /// <summary>The hash in Redis that holds the view and the leases.</summary>
    public static string RedisKey(string clusterId) => $"oc:{clusterId}:silos";

    public static ClusterView? Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<ClusterView>(json, JsonSerializerOptions.Web);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    public SiloMember? Find(Guid incarnation) => Members.FirstOrDefault(member => member.Incarnation == incarnation);
}

/// <summary>One silo of a view.</summary>
/// <param name="Incarnation">New for every start of a process.</param>
/// <param name="Name">Address and port of its endpoint.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Host">Its machine.</param>
/// <param name="HasStopped">It said goodbye: nothing is to be waited for.</param>
internal sealed record SiloMember(Guid Incarnation, string Name, int Pid, string Host, bool HasStopped = false)
{
    /// <summary>Where it is reached: one that listens on every address, by its machine's name. Null for a name that is no endpoint.</summary>
    [JsonIgnore]
    public EndPoint? EndPoint => !IPEndPoint.TryParse(Name, out var named) ? null
        : named.Address.Equals(IPAddress.Any) || named.Address.Equals(IPAddress.IPv6Any) ? new DnsEndPoint(Host, named.Port)
        : named;
}

/// <summary>What a member reports with each renewal.</summary>
/// <param name="Counter">Grows with each renewal.</param>
/// <param name="Sealed">The highest view for which the member has given up what moved away.</param>
internal readonly record struct SiloLease(long Counter, long Sealed);

/// <summary>The shared record as it was at one instant.</summary>
/// <param name="View">Null when there is none.</param>
/// <param name="Leases">By incarnation.</param>
/// <param name="StoreTime">The store's clock at that instant, in microseconds.</param>
/// <param name="Applied">The renewal or publication that was asked for took place.</param>
internal sealed record OwnershipSnapshot(ClusterView? View, IReadOnlyDictionary<Guid, SiloLease> Leases, long StoreTime, bool Applied);

/// <summary>A view to publish, and what must still hold for it.</summary>
/// <param name="Next">The new view.</param>
/// <param name="Expected">The number that the stored view must have; null when there must be none.</param>
/// <param name="Outwaited">Leases that must not have been renewed; their members leave.</param>
/// <param name="WaitsOut">Somebody unknown may still hold a fence: none is to be used before a whole lease has passed.</param>
internal sealed record ViewChange(ClusterView Next, long? Expected, ImmutableDictionary<Guid, SiloLease> Outwaited, bool WaitsOut);
