using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace OrleansCache;

/// <summary>Writes the fields of a record, or only measures them.</summary>
internal ref struct RecordFieldWriter(Span<byte> buffer, bool measureOnly = false)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Span<byte> _buffer = buffer;

    public int Position { get; private set; }

    public void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            Octet((byte)(value | 0x80));
        Octet((byte)value);
    }

    public void Number(long value, long unless)
    {
        if (value != unless)
            Number(value);
    }

    public void Number(long value)
    {
        if (!measureOnly)
            BinaryPrimitives.WriteInt64BigEndian(_buffer[Position..], value);
        Position += sizeof(long);
    }

    public void Text(string? text)
    {
        if (text is null)
            return;
        var length = Utf8.GetByteCount(text);
        Varint((ulong)length);
        if (!measureOnly)
            Utf8.GetBytes(text, _buffer[Position..]);
        Position += length;
    }

    public void Texts(ImmutableArray<string> texts)
    {
        if (texts.IsDefaultOrEmpty)
            return;
        Varint((ulong)texts.Length);
        foreach (var text in texts)
            Text(text);
    }

    public void Operations(ImmutableArray<PastOperation> operations)
    {
        if (operations.IsDefaultOrEmpty)
            return;
        Varint((ulong)operations.Length);
        Span<byte> id = stackalloc byte[16];
        foreach (var operation in operations)
        {
            operation.Id.TryWriteBytes(id, bigEndian: true, out _);
            Raw(id);
            Number(operation.Version);
            Octet(operation.Existed ? (byte)1 : (byte)0);
            Number(operation.At);
        }
    }

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (!measureOnly)
            bytes.CopyTo(_buffer[Position..]);
        Position += bytes.Length;
    }

    private void Octet(byte value)
    {
        if (!measureOnly)
            _buffer[Position] = value;
        Position++;
    }
}
