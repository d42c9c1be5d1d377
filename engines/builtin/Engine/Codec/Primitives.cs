namespace OrleansCache.Engine;

/// <summary>Codecs of .NET's own simple types.</summary>
internal static class Primitives
{
    public static ConcurrentDictionary<Type, object> All()
    {
        var all = new ConcurrentDictionary<Type, object>();
        Integer(v => v ? 1 : 0, v => v != 0);
        Integer(v => v, v => checked((sbyte)v));
        Integer(v => v, v => checked((byte)v));
        Integer(v => v, v => checked((short)v));
        Integer(v => v, v => checked((ushort)v));
        Integer(v => v, v => checked((char)v));
        Integer(v => v, v => checked((int)v));
        Integer(v => v, v => checked((uint)v));
        Integer(v => v, v => v);
        Integer(v => unchecked((long)v), v => unchecked((ulong)v));
        Integer(v => v.Ticks, TimeSpan.FromTicks);
        Integer(v => v.ToBinary(), DateTime.FromBinary);
        Add(WireType.Bytes, (w, v) => w.Bytes(BitConverter.GetBytes(v)), (ref r) => BitConverter.ToSingle(r.Bytes()));
        Add(WireType.Bytes, (w, v) => w.Bytes(BitConverter.GetBytes(v)), (ref r) => BitConverter.ToDouble(r.Bytes()));
        Add(WireType.Bytes, (w, v) => w.Text(v), (ref r) => r.Text());
        Add<byte[]>(WireType.Bytes, (w, v) => w.Bytes(v), (ref r) => r.Bytes().ToArray());
        Add<ReadOnlyMemory<byte>>(WireType.Bytes, (w, v) => w.Bytes(v.Span), (ref r) => r.Bytes().ToArray());
        Add(WireType.Bytes, (w, v) => w.Bytes(v.ToByteArray()), (ref r) => new Guid(r.Bytes()));
        Add(WireType.Bytes, (w, v) => w.Bytes(MemoryMarshal.AsBytes<int>(decimal.GetBits(v))), (ref r) => new decimal(MemoryMarshal.Cast<byte, int>(r.Bytes())));
        Add(WireType.Bytes, (w, v) => w.Bytes([.. BitConverter.GetBytes(v.Ticks), .. BitConverter.GetBytes((short)v.TotalOffsetMinutes)]),
            (ref r) => r.Bytes() is var b ? new DateTimeOffset(BitConverter.ToInt64(b), TimeSpan.FromMinutes(BitConverter.ToInt16(b[8..]))) : default);
        Add(WireType.Bytes, (w, v) => w.Text(v.ToString()), (ref r) => r.Text() is var text && text.IndexOf('/', StringComparison.Ordinal) is var cut and > 0
            ? GrainId.Create(text[..cut], text[(cut + 1)..]) : default);
        Add<Nothing>(WireType.VarInt, (w, _) => w.VarInt(0), (ref r) => new(r.VarInt()));
        return all;

        void Add<T>(WireType wire, Action<MessageWriter, T> write, SimpleCodec<T>.Reading read) => all[typeof(T)] = new SimpleCodec<T>(wire, write, read);

        void Integer<T>(Func<T, long> toLong, Func<long, T> fromLong) => Add(WireType.VarInt, (w, v) => w.ZigZag(toLong(v)), (ref r) => fromLong(r.ZigZag()));
    }
}

/// <summary>A value of one field. Null is the wire type of that name.</summary>
internal class SimpleCodec<T>(WireType wireType, Action<MessageWriter, T> write, SimpleCodec<T>.Reading read) : Codec<T>
{
    public delegate T Reading(ref MessageReader reader);

    public override void Write(MessageWriter writer, uint id, T value)
    {
        writer.Tag(id, value is null ? WireType.Null : wireType);
        if (value is not null)
            write(writer, value);
    }

    public override T Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null && default(T) is null)
            return default!;
        reader.Expect(wire, wireType);
        try
        {
            return read(ref reader);
        }
        catch (Exception error) when (error is OverflowException or ArgumentException)
        {
            throw reader.Malformed($"a {typeof(T).Name} out of range");
        }
    }
}

/// <summary>An enum travels as its number, of which eight bytes at most are taken and given.</summary>
internal sealed class EnumCodec<T>() : SimpleCodec<T>(WireType.VarInt, static (writer, value) => writer.ZigZag(Number(value)), static (ref reader) => Value(reader.ZigZag()))
    where T : struct, Enum
{
    private static long Number(T value)
    {
        long number = 0;
        Unsafe.As<long, T>(ref number) = value;
        return number;
    }

    private static T Value(long number) => Unsafe.As<long, T>(ref number);
}
