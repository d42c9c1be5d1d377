using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace OrleansCache;

/// <summary>Reads the fields of a record, and never past its end.</summary>
internal ref struct RecordFieldReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = bytes;

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var octet = Take(1)[0];
            value |= (ulong)(octet & 0x7f) << shift;
            if (octet < 0x80)
                return value;
        }
        throw new RecordFormatException("The stored record has a number of more than 64 bits. It is damaged.");
    }

    public long Number() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    public string Text()
    {
        try
        {
            return Utf8.GetString(Take(Varint()));
        }
        catch (DecoderFallbackException)
        {
            throw new RecordFormatException("The stored record has text that is not UTF-8. It is damaged.");
        }
    }

    public ImmutableArray<string> Texts()
    {
        var count = Varint();
        if (count > (ulong)_rest.Length)
            throw TooShort();
        var texts = ImmutableArray.CreateBuilder<string>((int)count);
        for (var i = 0UL; i < count; i++)
            texts.Add(Text());
        return texts.MoveToImmutable();
    }

    public ImmutableArray<PastOperation> Operations()
    {
        var count = Varint();
        if (count > (ulong)_rest.Length)
            throw TooShort();
        var operations = ImmutableArray.CreateBuilder<PastOperation>((int)count);
        for (var i = 0UL; i < count; i++)
            operations.Add(new(new Guid(Take(16), bigEndian: true), Number(), Existed: Take(1)[0] != 0, Number()));
        return operations.MoveToImmutable();
    }

    public byte[] Rest()
    {
        var rest = _rest.ToArray();
        _rest = default;
        return rest;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw TooShort();
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private static RecordFormatException TooShort() => new("The stored record ends within a field. It is damaged.");
}
