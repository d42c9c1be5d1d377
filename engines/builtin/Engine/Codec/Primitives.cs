using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace OrleansCache.Engine;

/// <summary>Codecs of .NET's own simple types. Their values need no copy, but for arrays of bytes.</summary>
internal static class Primitives
{
    public static ConcurrentDictionary<Type, object> All()
    {
        var all = new ConcurrentDictionary<Type, object>();
        Add(new IntegerCodec<bool>(v => v ? 1 : 0, v => v != 0));
        Add(new IntegerCodec<sbyte>(v => v, v => checked((sbyte)v)));
        Add(new IntegerCodec<byte>(v => v, v => checked((byte)v)));
        Add(new IntegerCodec<short>(v => v, v => checked((short)v)));
        Add(new IntegerCodec<ushort>(v => v, v => checked((ushort)v)));
        Add(new IntegerCodec<char>(v => v, v => checked((char)v)));
        Add(new IntegerCodec<int>(v => v, v => checked((int)v)));
        Add(new IntegerCodec<uint>(v => v, v => checked((uint)v)));
        Add(new IntegerCodec<long>(v => v, v => v));
        Add(new IntegerCodec<ulong>(v => unchecked((long)v), v => unchecked((ulong)v)));
        Add(new IntegerCodec<TimeSpan>(v => v.Ticks, TimeSpan.FromTicks));
        Add(new IntegerCodec<DateTime>(v => v.ToBinary(), DateTime.FromBinary));
        Add(new NothingCodec());
        Add(new SingleCodec());
        Add(new DoubleCodec());
        Add(new TextCodec());
        Add(new BytesCodec());
        Add(new MemoryCodec());
        Add(new SpanCodec<Guid>((v, w) => { Span<byte> b = stackalloc byte[16]; v.TryWriteBytes(b); w.Bytes(b); }, b => new Guid(b)));
        Add(new SpanCodec<decimal>(
            (v, w) => { Span<int> b = stackalloc int[4]; decimal.GetBits(v, b); w.Bytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(b)); },
            b => new decimal(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(b))));
        Add(new SpanCodec<DateTimeOffset>(
            (v, w) =>
            {
                Span<byte> b = stackalloc byte[10];
                BitConverter.TryWriteBytes(b, v.Ticks);
                BitConverter.TryWriteBytes(b[8..], (short)v.TotalOffsetMinutes);
                w.Bytes(b);
            },
            b => new DateTimeOffset(BitConverter.ToInt64(b), TimeSpan.FromMinutes(BitConverter.ToInt16(b[8..])))));
        Add(new SpanCodec<GrainId>(
            (v, w) => w.Bytes(System.Text.Encoding.UTF8.GetBytes(v.ToString())),
            b => System.Text.Encoding.UTF8.GetString(b) is var text && text.IndexOf('/', StringComparison.Ordinal) is var cut and > 0
                ? GrainId.Create(text[..cut], text[(cut + 1)..]) : default));
        return all;

        void Add<T>(Codec<T> codec) => all[typeof(T)] = codec;
    }
}

/// <summary>An integer in zigzag form, so that small negatives are short too.</summary>
internal sealed class IntegerCodec<T>(Func<T, long> toLong, Func<long, T> fromLong) : Codec<T>
{
    public override void Write(MessageWriter writer, uint id, T value)
    {
        var number = toLong(value);
        writer.Tag(id, WireType.VarInt);
        writer.VarInt((ulong)((number << 1) ^ (number >> 63)));
    }

    public override T Read(ref MessageReader reader, WireType wire)
    {
        reader.Expect(wire, WireType.VarInt);
        var raw = reader.VarInt();
        try
        {
            return fromLong((long)(raw >> 1) ^ -(long)(raw & 1));
        }
        catch (Exception error) when (error is OverflowException or ArgumentException)
        {
            throw reader.Malformed($"a {typeof(T).Name} out of range");
        }
    }

    public override T Copy(T value) => value;
}

internal sealed class EnumCodec<T> : Codec<T> where T : struct, Enum
{
    public override void Write(MessageWriter writer, uint id, T value) => Codecs<long>.Instance.Write(writer, id, Unsafe.SizeOf<T>() switch
    {
        1 => Unsafe.BitCast<T, sbyte>(value),
        2 => Unsafe.BitCast<T, short>(value),
        4 => Unsafe.BitCast<T, int>(value),
        _ => Unsafe.BitCast<T, long>(value),
    });

    public override T Read(ref MessageReader reader, WireType wire)
    {
        var number = Codecs<long>.Instance.Read(ref reader, wire);
        return Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<sbyte, T>((sbyte)number),
            2 => Unsafe.BitCast<short, T>((short)number),
            4 => Unsafe.BitCast<int, T>((int)number),
            _ => Unsafe.BitCast<long, T>(number),
        };
    }

    public override T Copy(T value) => value;
}

internal sealed class NothingCodec : Codec<Nothing>
{
    public override void Write(MessageWriter writer, uint id, Nothing value) => writer.Null(id);

    public override Nothing Read(ref MessageReader reader, WireType wire)
    {
        reader.Skip(wire);
        return default;
    }

    public override Nothing Copy(Nothing value) => value;
}

internal sealed class SingleCodec : Codec<float>
{
    public override void Write(MessageWriter writer, uint id, float value)
    {
        writer.Tag(id, WireType.Fixed32);
        writer.Fixed32(BitConverter.SingleToUInt32Bits(value));
    }

    public override float Read(ref MessageReader reader, WireType wire)
    {
        reader.Expect(wire, WireType.Fixed32);
        return BitConverter.UInt32BitsToSingle(reader.Fixed32());
    }

    public override float Copy(float value) => value;
}

internal sealed class DoubleCodec : Codec<double>
{
    public override void Write(MessageWriter writer, uint id, double value)
    {
        writer.Tag(id, WireType.Fixed64);
        writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
    }

    public override double Read(ref MessageReader reader, WireType wire)
    {
        reader.Expect(wire, WireType.Fixed64);
        return BitConverter.UInt64BitsToDouble(reader.Fixed64());
    }

    public override double Copy(double value) => value;
}

internal sealed class TextCodec : Codec<string?>
{
    public override void Write(MessageWriter writer, uint id, string? value)
    {
        writer.Tag(id, value is null ? WireType.Null : WireType.Bytes);
        if (value is not null)
            writer.Text(value);
    }

    public override string? Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null)
            return null;
        reader.Expect(wire, WireType.Bytes);
        return reader.Text();
    }

    public override string? Copy(string? value) => value;
}

internal sealed class BytesCodec : Codec<byte[]?>
{
    public override void Write(MessageWriter writer, uint id, byte[]? value)
    {
        writer.Tag(id, value is null ? WireType.Null : WireType.Bytes);
        if (value is not null)
            writer.Bytes(value);
    }

    public override byte[]? Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null)
            return null;
        reader.Expect(wire, WireType.Bytes);
        return reader.Bytes().ToArray();
    }

    public override byte[]? Copy(byte[]? value) => value?.AsSpan().ToArray();
}

internal sealed class MemoryCodec : Codec<ReadOnlyMemory<byte>>
{
    public override void Write(MessageWriter writer, uint id, ReadOnlyMemory<byte> value)
    {
        writer.Tag(id, WireType.Bytes);
        writer.Bytes(value.Span);
    }

    public override ReadOnlyMemory<byte> Read(ref MessageReader reader, WireType wire)
    {
        reader.Expect(wire, WireType.Bytes);
        return reader.Bytes().ToArray();
    }

    public override ReadOnlyMemory<byte> Copy(ReadOnlyMemory<byte> value) => value.ToArray();
}

/// <summary>A value of a few bytes.</summary>
internal sealed class SpanCodec<T>(Action<T, MessageWriter> write, Func<ReadOnlySpan<byte>, T> read) : Codec<T>
{
    public override void Write(MessageWriter writer, uint id, T value)
    {
        writer.Tag(id, WireType.Bytes);
        write(value, writer);
    }

    public override T Read(ref MessageReader reader, WireType wire)
    {
        reader.Expect(wire, WireType.Bytes);
        try
        {
            return read(reader.Bytes());
        }
        catch (ArgumentException)
        {
            throw reader.Malformed($"a {typeof(T).Name}");
        }
    }

    public override T Copy(T value) => value;
}
