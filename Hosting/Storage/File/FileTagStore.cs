using System.Buffers.Binary;
using System.Globalization;

namespace OrleansCache;

/// <summary>The tag log in the data folder: a ring of raises, and a record with the generation.</summary>
internal sealed class FileTagStore(FileStorage storage) : ITagStore
{
    private const string GenerationKey = "t:generation";
    private long _generation;
    private long _head;

    public int Capacity { get; init; } = ITagStore.Capacity;

    public async ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken)
    {
        var (head, tags) = (Math.Max(append.Known.Number, append.Ahead), append.Tags);
        var (floor, raises) = (0L, new List<TagRaise>());
        if (_generation == 0)
            (floor, raises) = Restore();
        if (_generation == 0 || head > _head)
            await BeginGenerationAsync(head).ConfigureAwait(false);
        if (tags.Length > 0)
        {
            var raise = new TagRaise(_head + 1, tags);
            await storage.Log.WriteAsync(new PlainWrite(KeyOf(raise.Number), Encode(raise))).ConfigureAwait(false);
            _head = raise.Number;
            raises.Add(raise);
        }
        return new TagChanges(_generation, floor, _head, raises);
    }

    // Leaves the generation 0 when raises are missing.
    private (long Floor, List<TagRaise> Raises) Restore()
    {
        var raises = new List<TagRaise>();
        for (var number = 0; number < Capacity; number++)
        {
            using var value = storage.Log.Read(KeyOf(number));
            if (value.IsFound)
                raises.Add(Decode(value.Payload));
        }
        raises.Sort((one, other) => one.Number.CompareTo(other.Number));
        using var stored = storage.Log.Read(GenerationKey);
        var (generation, begunAt) = stored.IsFound
            ? (BinaryPrimitives.ReadInt64LittleEndian(stored.Payload), BinaryPrimitives.ReadInt64LittleEndian(stored.Payload[8..]))
            : (0, 0);
        _head = Math.Max(begunAt, raises.Count == 0 ? 0 : raises[^1].Number);
        var kept = raises.FindAll(raise => raise.Number > begunAt);
        var first = Math.Max(begunAt + 1, _head - Capacity + 1);
        var isWhole = storage.Log.SkippedBytes == 0 && kept.Count == _head - first + 1;
        _generation = isWhole ? generation : 0;
        return (first - 1, kept);
    }

    private async Task BeginGenerationAsync(long head)
    {
        var generation = Random.Shared.NextInt64(1, long.MaxValue);
        var begunAt = Math.Max(head, _head);
        var payload = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(payload, generation);
        BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(8), begunAt);
        await storage.Log.WriteAsync(new PlainWrite(GenerationKey, payload)).ConfigureAwait(false);
        (_generation, _head) = (generation, begunAt);
    }

    private string KeyOf(long number) => string.Create(CultureInfo.InvariantCulture, $"t:{number % Capacity}");

    private static byte[] Encode(TagRaise raise)
    {
        var bytes = new byte[8 + (raise.Tags.Length * 8)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, raise.Number);
        for (var i = 0; i < raise.Tags.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 + (i * 8)), raise.Tags[i]);
        return bytes;
    }

    private static TagRaise Decode(ReadOnlySpan<byte> bytes)
    {
        var tags = new ulong[(bytes.Length - 8) / 8];
        for (var i = 0; i < tags.Length; i++)
            tags[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 + (i * 8))..]);
        return new(BinaryPrimitives.ReadInt64LittleEndian(bytes), tags);
    }

    private sealed class PlainWrite(string key, byte[] payload) : LogWrite(key, payload, long.MaxValue)
    {
        public override bool Decide(ReadOnlySpan<byte> stored, bool exists) => true;
    }
}
