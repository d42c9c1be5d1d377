using System.Globalization;

namespace OrleansCache;

/// <summary>Views and leases in one hash in Redis.</summary>
internal sealed class RedisOwnershipStore(IRedisDatabase redis, RedisKeys keys) : IOwnershipStore
{
    private const string LeasePrefix = "lease:";

    public async ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken)
    {
        RedisWord expected = expectedView is { } number ? number : "";
        return Read(await redis.EvaluateAsync(RedisScriptText.RenewLease, keys.Silos, [expected, LeasePrefix + incarnation, sealedView], cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken)
    {
        List<RedisWord> words =
        [
            change.Expected is { } number ? number : "",
            change.Next.Number,
            change.Next.ToJson(),
            LeasePrefix + incarnation,
            change.Outwaited.Count,
        ];
        foreach (var (outwaited, lease) in change.Outwaited)
            words.AddRange([LeasePrefix + outwaited, Text(lease)]);
        foreach (var member in change.Next.Members)
            words.Add(LeasePrefix + member.Incarnation);
        return Read(await redis.EvaluateAsync(RedisScriptText.PublishView, keys.Silos, [.. words], cancellationToken).ConfigureAwait(false));
    }

    private static OwnershipSnapshot Read(RedisAnswer answer)
    {
        var leases = new Dictionary<Guid, SiloLease>();
        ClusterView? view = null;
        var fields = answer[3];
        for (var i = 0; i + 1 < fields.Count; i += 2)
        {
            var field = fields[i].Text;
            if (field == ClusterView.RedisField)
                view = ClusterView.Parse(fields[i + 1].Bytes);
            else if (field.StartsWith(LeasePrefix, StringComparison.Ordinal) && Guid.TryParse(field.AsSpan(LeasePrefix.Length), out var incarnation))
                leases[incarnation] = Lease(fields[i + 1].Text);
        }
        return new(view, leases, (answer[0].AsNumber() * 1_000_000) + answer[1].AsNumber(), answer[2].AsNumber() == 1);
    }

    private static string Text(SiloLease lease) => string.Create(CultureInfo.InvariantCulture, $"{lease.Counter}:{lease.Sealed}");

    private static SiloLease Lease(string text) => text.Split(':') is [var counter, var sealedView]
        ? new(long.Parse(counter, CultureInfo.InvariantCulture), long.Parse(sealedView, CultureInfo.InvariantCulture))
        : default;
}
