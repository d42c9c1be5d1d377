using System.Globalization;
using System.Text;

namespace OrleansCache;

/// <summary>Views and leases in one hash in Redis.</summary>
internal sealed class RedisOwnershipStore(IRedisDatabase redis, RedisKeys keys) : IOwnershipStore
{
    private const string LeasePrefix = "lease:";
    private (byte[] Json, ClusterView? View) _last = ([], null);

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
            change.Next.Find(incarnation) is null ? "" : LeasePrefix + incarnation,
            change.Sealed,
            change.Begins ? 1 : 0,
            keys.Views,
            change.Outwaited.Length,
        ];
        foreach (var (outwaited, lease) in change.Outwaited)
            words.AddRange([LeasePrefix + outwaited, Text(lease)]);
        foreach (var member in change.Next.Members)
            words.Add(LeasePrefix + member.Incarnation);
        return Read(await redis.EvaluateAsync(RedisScriptText.PublishView, keys.Silos, [.. words], cancellationToken).ConfigureAwait(false));
    }

    public ValueTask<IAsyncDisposable> ListenAsync(Action<long> hint, CancellationToken cancellationToken) => redis.SubscribeAsync(
        keys.Views,
        message =>
        {
            if (long.TryParse(Encoding.UTF8.GetString(message.Span), CultureInfo.InvariantCulture, out var view))
                hint(view);
        },
        cancellationToken);

    private OwnershipSnapshot Read(RedisAnswer answer)
    {
        var leases = new Dictionary<Guid, SiloLease>();
        ClusterView? view = null;
        var fields = answer[4];
        for (var i = 0; i + 1 < fields.Count; i += 2)
        {
            var field = fields[i].Text;
            if (field == ClusterView.RedisField)
                view = Parse(fields[i + 1].Bytes!);
            else if (field.StartsWith(LeasePrefix, StringComparison.Ordinal) && Guid.TryParse(field.AsSpan(LeasePrefix.Length), out var incarnation))
                leases[incarnation] = Lease(fields[i + 1].Text);
        }
        return new(view, leases, (answer[0].AsNumber() * 1_000_000) + answer[1].AsNumber(), answer[2].AsNumber() == 1, answer[3].AsNumber() == 1);
    }

    // Each renewal brings the same view again.
    private ClusterView? Parse(byte[] json)
    {
        var (bytes, view) = _last;
        if (json.AsSpan().SequenceEqual(bytes))
            return view;
        _last = (json, ClusterView.Parse(json));
        return _last.View;
    }

    private static string Text(SiloLease lease) => string.Create(CultureInfo.InvariantCulture, $"{lease.Counter}:{lease.Sealed}");

    private static SiloLease Lease(string text) => text.Split(':') is [var counter, var sealedView]
        ? new(long.Parse(counter, CultureInfo.InvariantCulture), long.Parse(sealedView, CultureInfo.InvariantCulture))
        : default;
}
