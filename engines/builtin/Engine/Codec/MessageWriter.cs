namespace OrleansCache.Engine;

/// <summary>Writes tagged fields into one growing pooled buffer. Not thread-safe.</summary>
[BuiltinOnly]
public sealed class MessageWriter
{
    private const int MaxDepth = 64, ShortText = 0x7F, LargestKept = 256 * 1024;
    [ThreadStatic]
    private static MessageWriter? t_scratch;

    private byte[] _buffer = [];
    private int _depth;

    /// <summary>An empty one for what this thread needs at once and then no more.</summary>
    internal static MessageWriter Scratch => (t_scratch ??= new()).Reset();

    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Writes a tag.</summary>
    public void Tag(uint id, WireType wire) => VarInt(((ulong)id << 3) | (byte)wire);

    /// <summary>Writes a null field.</summary>
    public void Null(uint id) => Tag(id, WireType.Null);

    /// <summary>Opens a group of fields.</summary>
    /// <exception cref="InvalidDataException">The object nests deeper than 64 levels, as a cycle would.</exception>
    public void BeginGroup(uint id)
    {
        if (++_depth > MaxDepth)
            throw new InvalidDataException($"An object nests deeper than {MaxDepth} levels; cycles cannot be written.");
        Tag(id, WireType.Group);
    }

    /// <summary>Closes the group opened last.</summary>
    public void EndGroup()
    {
        _depth--;
        Tag(0, WireType.EndGroup);
    }

    /// <summary>Writes an integer of seven bits a byte.</summary>
    public void VarInt(ulong value)
    {
        var span = Reserve(10);
        var size = 0;
        for (; value > 0x7F; value >>= 7)
            span[size++] = (byte)(value | 0x80);
        span[size++] = (byte)value;
        Length += size;
    }

    /// <summary>Writes an integer field.</summary>
    public void Number(uint id, long value)
    {
        Tag(id, WireType.VarInt);
        ZigZag(value);
    }

    /// <summary>Writes a signed integer so that small negatives are short too.</summary>
    public void ZigZag(long value) => VarInt((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Writes eight bytes.</summary>
    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        Length += 8;
    }

    /// <summary>Writes four bytes.</summary>
    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
        Length += 4;
    }

    /// <summary>Writes a length and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        VarInt((ulong)value.Length);
        Raw(value);
    }

    /// <summary>Writes a length and the text in UTF-8 (a lone surrogate becomes U+FFFD).</summary>
    public void Text(string value)
    {
        var span = Reserve(sizeof(byte) + ShortText);
        if (value.Length <= ShortText && Encoding.UTF8.TryGetBytes(value, span.Slice(1, ShortText), out var size))
        {
            span[0] = (byte)size;       // most texts are so short that their length fits one byte, which is known afterwards
            Length += 1 + size;
            return;
        }
        size = Encoding.UTF8.GetByteCount(value);
        VarInt((ulong)size);
        Length += Encoding.UTF8.GetBytes(value, Reserve(size));
    }

    internal void Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        Length += value.Length;
    }

    internal void Patch32(int position, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(position), value);

    internal void Truncate(int length) => (Length, _depth) = (length, 0);

    /// <summary>Empties the buffer; one that has grown large goes back to the pool.</summary>
    internal MessageWriter Reset()
    {
        Truncate(0);
        if (_buffer.Length > LargestKept)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
        return this;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int size)
    {
        if (_buffer.Length - Length < size)
            Grow(size);
        return _buffer.AsSpan(Length);
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + size), Math.Max(512, _buffer.Length * 2)));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
