using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCache;

/// <summary>The tag log in Redis: a capped list, and before it what describes it and who has a lease on it.</summary>
internal sealed class RedisTagStore(IRedisDatabase redis, RedisKeys keys) : ISharedTagStore
{
    private const int StampLength = 16;
    private readonly Guid _id = Guid.NewGuid();

    public int Capacity { get; init; } = ITagStore.Capacity;

    public async ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken)
    {
        List<RedisWord> words =
        [
            Text(_id),
            Text(append.Known.Generation),
            append.Known.Number,
            Text(append.Known.Stamp),
            append.Ahead,
            Text(Random.Shared.NextInt64(1, long.MaxValue)),
            MemoryMarshal.AsBytes<ulong>(append.Tags).ToArray(),
            Capacity,
            keys.TagNews,
            append.WaitedOut == 0 ? "" : Text(append.WaitedOut),
            append.IsShort ? "1" : "",
        ];
        foreach (var gone in append.Gone)
            words.AddRange([Text(gone.Id), gone.Counter]);
        return Read(append, await redis.EvaluateAsync(RedisScriptText.AppendTags, keys.Tags, [.. words], cancellationToken).ConfigureAwait(false));
    }

    public async ValueTask LeaveAsync(CancellationToken cancellationToken) =>
        await redis.EvaluateAsync(RedisScriptText.LeaveTags, keys.Tags, [Text(_id), keys.TagNews], cancellationToken).ConfigureAwait(false);

    public ValueTask<IAsyncDisposable> ListenAsync(Action<long, long> hint, CancellationToken cancellationToken) => redis.SubscribeAsync(
        keys.TagNews,
        message =>
        {
            if (Encoding.UTF8.GetString(message.Span).Split(':') is [var generation, var head]
                && long.TryParse(head, CultureInfo.InvariantCulture, out var number)
                && long.TryParse(generation, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var known))
                hint(known, number);
        },
        cancellationToken);

    private TagChanges Read(in TagAppend append, RedisAnswer answer)
    {
        var (generation, from) = (Number(answer[0]), answer[2].AsNumber());
        var (raises, stamp) = (new List<TagRaise>(answer[6].Count), 0L);
        for (var i = 0; i < answer[6].Count; i++)
        {
            var element = answer[6][i].Bytes.AsSpan();
            stamp = long.Parse(element[..StampLength], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            raises.Add(new(from + i, MemoryMarshal.Cast<byte, ulong>(element[StampLength..]).ToArray()));
        }
        var after = generation == append.Known.Generation ? append.Known.Number : 0;
        return new(generation, Floor: from > after + 1 ? from - 1 : 0, answer[1].AsNumber(), raises)
        {
            Stamp = stamp,
            Beginning = Number(answer[3]),
            WaitsOut = answer[4].AsNumber() == 1,
            Others = append.IsShort ? default : Others(answer[5]),
        };
    }

    private ImmutableArray<TagReader> Others(RedisAnswer leases)
    {
        var others = ImmutableArray.CreateBuilder<TagReader>(leases.Count / 3);
        for (var i = 0; i + 2 < leases.Count; i += 3)
            if (Guid.TryParse(leases[i].Text, out var id) && id != _id)
                others.Add(new(id, leases[i + 1].AsNumber(), leases[i + 2].AsNumber()));
        return others.DrainToImmutable();
    }

    private static string Text(Guid id) => id.ToString("N");

    private static string Text(long stamp) => stamp.ToString("x16", CultureInfo.InvariantCulture);

    private static long Number(RedisAnswer stamp) => long.Parse(stamp.Bytes, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
