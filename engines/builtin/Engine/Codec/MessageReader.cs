namespace OrleansCache.Engine;

/// <summary>Reads tagged fields from untrusted bytes: whatever they hold, the outcome is a value or an <see cref="InvalidDataException"/>.</summary>
[BuiltinOnly]
public ref struct MessageReader
{
    private const int MaxDepth = 64;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at, _depth;

    internal MessageReader(ReadOnlySpan<byte> bytes, EngineRuntime? runtime)
    {
        _bytes = bytes;
        Runtime = runtime;
    }

    internal EngineRuntime? Runtime { get; }

    /// <summary>Reads the next tag; false at the end of the group or of the bytes.</summary>
    public bool NextField(out uint id, out WireType wire)
    {
        if (_at >= _bytes.Length && _depth == 0)
        {
            (id, wire) = (0, WireType.EndGroup);
            return false;
        }
        var tag = VarInt();
        if (tag >> 3 > uint.MaxValue || (tag & 7) > (ulong)WireType.Null)
            throw Malformed("a tag");
        (id, wire) = ((uint)(tag >> 3), (WireType)(tag & 7));
        if (wire != WireType.EndGroup)
            return true;
        if (--_depth < 0)
            throw Malformed("a group's end");
        return false;
    }

    /// <summary>Enters the group whose tag was just read.</summary>
    public void BeginGroup(WireType wire)
    {
        Expect(wire, WireType.Group);
        if (++_depth > MaxDepth)
            throw Malformed("nesting");
    }

    /// <summary>Passes over a field that nobody knows.</summary>
    public void Skip(WireType wire)
    {
        switch (wire)
        {
            case WireType.VarInt: VarInt(); break;
            case WireType.Bytes: Bytes(); break;
            case WireType.Group:
                BeginGroup(wire);
                while (NextField(out _, out var inner))
                    Skip(inner);
                break;
            case WireType.Null: break;
            default: throw Malformed("a wire type");
        }
    }

    /// <summary>Checks that a field is laid out as its type is.</summary>
    public readonly void Expect(WireType actual, WireType expected)
    {
        if (actual != expected)
            throw Malformed($"wire type {actual} where {expected} belongs");
    }

    /// <summary>Reads an integer of seven bits a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong VarInt() => _at < _bytes.Length && _bytes[_at] < 0x80 ? _bytes[_at++] : LongVarInt();

    private ulong LongVarInt()
    {
        var rest = _bytes[_at..];
        ulong value = 0;
        for (var i = 0; i < rest.Length && i < 10; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] >= 0x80)
                continue;
            _at += i + 1;
            return i == 9 && rest[i] > 1 ? throw Malformed("an integer") : value;
        }
        throw Malformed(rest.Length < 10 ? "the end" : "an integer");
    }

    /// <summary>Reads an integer field whose tag was just read.</summary>
    public long Number(WireType wire, long least, long most)
    {
        Expect(wire, WireType.VarInt);
        var value = ZigZag();
        return value >= least && value <= most ? value : throw Malformed($"{value} where {least} to {most} belongs");
    }

    /// <summary>Reads a signed integer.</summary>
    public long ZigZag() => VarInt() is var raw ? (long)(raw >> 1) ^ -(long)(raw & 1) : 0;

    /// <summary>Reads eight bytes.</summary>
    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Reads a length and that many bytes, which stay where they are.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(VarInt());

    /// <summary>Reads a length and text in UTF-8.</summary>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    internal readonly InvalidDataException Malformed(string what) => new($"The message is malformed: {what} at byte {_at} of {_bytes.Length}.");

    private ReadOnlySpan<byte> Take(ulong size)
    {
        var rest = _bytes[_at..];
        if (size > (ulong)rest.Length)
            throw Malformed($"a length of {size}");
        _at += (int)size;
        return rest[..(int)size];
    }
}
