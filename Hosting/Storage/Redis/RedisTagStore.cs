using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansCache;

/// <summary>The tag log in Redis: a capped list, its last element the head.</summary>
internal sealed class RedisTagStore(IRedisDatabase redis, RedisKeys keys) : ITagStore
{
    private const int FrontLength = 16;

    public async ValueTask<TagChanges> AppendAsync(long head, ulong[] tags, CancellationToken cancellationToken)
    {
        var fresh = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(fresh, Random.Shared.NextInt64(1, long.MaxValue));
        var answer = await redis.EvaluateAsync(
            RedisScriptText.AppendTags,
            keys.Tags,
            [head, fresh, MemoryMarshal.AsBytes<ulong>(tags).ToArray(), ITagStore.Capacity],
            cancellationToken).ConfigureAwait(false);
        var (last, first) = (Number(answer[0].Bytes), Number(answer[1].Bytes));
        var raises = new List<TagRaise>(answer[3].Count);
        for (var i = 0; i < answer[3].Count; i++)
        {
            var element = answer[3][i].Bytes.AsSpan();
            raises.Add(new(Number(element[8..]), MemoryMarshal.Cast<byte, ulong>(element[FrontLength..]).ToArray()));
        }
        return new(Number(answer[2].Bytes), Floor: first > head + 1 ? first - 1 : 0, last, raises);
    }

    private static long Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64BigEndian(bytes);
}
