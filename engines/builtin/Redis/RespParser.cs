using System.Globalization;
using System.Text;

namespace OrleansCache.Redis;

/// <summary>
/// Reads RESP2 and RESP3 replies from bytes as they come, split anywhere. Work is linear in the bytes: elements that are whole are
/// not read again, and a large string fills its own array. After an exception the parser is of no further use.
/// Source: github.com/redis/redis-specifications, protocol/RESP3.md; its streamed types, which no server sends, are refused.
/// </summary>
internal sealed class RespParser(long maxReplyBytes)
{
    private const int MaxDepth = 32;
    private const int MaxLine = 32 * 1024;
    private const int ElementCost = 32;
    private static readonly byte[] Ok = "OK"u8.ToArray();
    private static readonly byte[] Pong = "PONG"u8.ToArray();

    private readonly Stack<Collection> _open = new();
    private byte[]? _blob;
    private byte _blobType;
    private int _blobFilled;
    private long _cost;

    /// <summary>Takes the bytes it could use off <paramref name="input"/>; what is left must come again, in front of more.</summary>
    /// <returns>True if a reply is complete; call again, since more may be there.</returns>
    /// <exception cref="RedisProtocolException">The bytes are not RESP, or the reply is too large.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, out RedisReply reply)
    {
        while (TryReadElement(ref input, out reply, out var opened))
        {
            if (!opened && TryClose(ref reply))
            {
                _cost = 0;
                return true;
            }
        }
        return false;
    }

    internal static bool TryParseDouble(ReadOnlySpan<byte> text, out double number)
    {
        number = text switch
        {
            [(byte)'i', (byte)'n', (byte)'f'] or [(byte)'+', (byte)'i', (byte)'n', (byte)'f'] => double.PositiveInfinity,
            [(byte)'-', (byte)'i', (byte)'n', (byte)'f'] => double.NegativeInfinity,
            [(byte)'n', (byte)'a', (byte)'n'] or [(byte)'-', (byte)'n', (byte)'a', (byte)'n'] => double.NaN,
            _ => 0,
        };
        return number != 0 || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private bool TryReadElement(ref ReadOnlySpan<byte> input, out RedisReply element, out bool opened)
    {
        element = default;
        opened = false;
        if (_blob is not null)
            return TryFillBlob(ref input, out element);
        var end = input.IndexOf((byte)'\n');
        if (end < 0)
        {
            if (input.Length > MaxLine)
                throw new RedisProtocolException($"A line of a reply is longer than {MaxLine} bytes.");
            return false;
        }
        if (end < 2 || input[end - 1] != '\r')
            throw new RedisProtocolException("A line of a reply does not end in CR LF.");
        var type = input[0];
        var line = input[1..(end - 1)];
        input = input[(end + 1)..];
        Spend(ElementCost);
        switch (type)
        {
            case (byte)'$' or (byte)'=' or (byte)'!':
                return TryReadBlob(type, line, ref input, out element);
            case (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%' or (byte)'|':
                opened = Open(type, line, out element);
                return true;
            default:
                element = Scalar(type, line);
                return true;
        }
    }

    private static RedisReply Scalar(byte type, ReadOnlySpan<byte> line)
    {
        switch (type)
        {
            case (byte)'+':
                return new(RedisReplyKind.SimpleString, line.SequenceEqual(Ok) ? Ok : line.SequenceEqual(Pong) ? Pong : line.ToArray());
            case (byte)'-':
                return new(RedisReplyKind.Error, Encoding.UTF8.GetString(line));
            case (byte)':':
                return new(RedisReplyKind.Integer, null, Number(line));
            case (byte)'_' when line.IsEmpty:
                return default;
            case (byte)'#' when line is [(byte)'t'] or [(byte)'f']:
                return new(RedisReplyKind.Boolean, null, line[0] == 't' ? 1 : 0);
            case (byte)',' when TryParseDouble(line, out var number):
                return new(RedisReplyKind.Double, null, BitConverter.DoubleToInt64Bits(number));
            case (byte)'(' when IsInteger(line):
                return new(RedisReplyKind.BigNumber, Encoding.ASCII.GetString(line));
            default:
                throw new RedisProtocolException($"A reply starts with byte 0x{type:x2} and is no RESP type, or not a valid one.");
        }
    }

    private bool TryReadBlob(byte type, ReadOnlySpan<byte> line, ref ReadOnlySpan<byte> input, out RedisReply element)
    {
        element = default;
        var length = Number(line);
        if (length == -1 && type == '$')
            return true;
        if (length < 0)
            throw new RedisProtocolException($"A string of {length} bytes was announced.");
        Spend(length);
        if (input.Length < length + 2)
        {
            (_blob, _blobType, _blobFilled) = (GC.AllocateUninitializedArray<byte>((int)length), type, 0);
            return TryFillBlob(ref input, out element);
        }
        element = Blob(type, input[..(int)length].ToArray());
        ExpectCrLf(input[(int)length..]);
        input = input[((int)length + 2)..];
        return true;
    }

    private bool TryFillBlob(ref ReadOnlySpan<byte> input, out RedisReply element)
    {
        element = default;
        var blob = _blob!;
        var take = Math.Min(input.Length, blob.Length - _blobFilled);
        input[..take].CopyTo(blob.AsSpan(_blobFilled));
        input = input[take..];
        _blobFilled += take;
        if (_blobFilled < blob.Length || input.Length < 2)
            return false;
        ExpectCrLf(input);
        input = input[2..];
        _blob = null;
        element = Blob(_blobType, blob);
        return true;
    }

    private static RedisReply Blob(byte type, byte[] bytes) => type switch
    {
        (byte)'$' => new(RedisReplyKind.BulkString, bytes),
        (byte)'!' => new(RedisReplyKind.Error, Encoding.UTF8.GetString(bytes)),
        _ when bytes.Length >= 4 && bytes[3] == ':' => new(RedisReplyKind.VerbatimString, bytes[4..]),
        _ => throw new RedisProtocolException("A verbatim string does not start with its three-letter format."),
    };

    private bool Open(byte type, ReadOnlySpan<byte> line, out RedisReply element)
    {
        element = default;
        var length = Number(line);
        if (length == -1 && type == '*')
            return false;
        if (length < 0 || length > maxReplyBytes / ElementCost)
            throw new RedisProtocolException($"A collection of {length} elements was announced; MaxReplyBytes is {maxReplyBytes}.");
        var kind = type switch
        {
            (byte)'*' => RedisReplyKind.Array,
            (byte)'~' => RedisReplyKind.Set,
            (byte)'>' => RedisReplyKind.Push,
            _ => RedisReplyKind.Map,
        };
        var count = (int)(kind == RedisReplyKind.Map ? length * 2 : length);
        if (count == 0 && type != '|')
        {
            element = new(kind, Array.Empty<RedisReply>());
            return false;
        }
        if (count == 0)
            return true;
        if (_open.Count == MaxDepth)
            throw new RedisProtocolException($"A reply is nested deeper than {MaxDepth}.");
        _open.Push(new Collection(kind, count, isAttribute: type == '|'));
        return true;
    }

    // Adds an element to the innermost open collection, and closes those that it fills.
    private bool TryClose(ref RedisReply element)
    {
        while (_open.TryPeek(out var collection))
        {
            if (!collection.Add(element))
                return false;
            _open.Pop();
            if (collection.IsAttribute)
                return false;
            element = new(collection.Kind, collection.Items);
        }
        return true;
    }

    private void Spend(long cost)
    {
        if ((_cost += cost) > maxReplyBytes)
            throw new RedisProtocolException($"A reply is larger than MaxReplyBytes ({maxReplyBytes}).");
    }

    private static long Number(ReadOnlySpan<byte> line)
        => long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RedisProtocolException("A number in a reply is none, or a type that is streamed, which is not supported.");

    private static bool IsInteger(ReadOnlySpan<byte> line)
    {
        var digits = line is [(byte)'+' or (byte)'-', ..] ? line[1..] : line;
        return !digits.IsEmpty && digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }

    private static void ExpectCrLf(ReadOnlySpan<byte> input)
    {
        if (input[0] != '\r' || input[1] != '\n')
            throw new RedisProtocolException("A string in a reply does not end in CR LF where it was announced to.");
    }

    private sealed class Collection(RedisReplyKind kind, int count, bool isAttribute)
    {
        private RedisReply[] _items = new RedisReply[Math.Min(count, 256)];
        private int _filled;

        public RedisReplyKind Kind => kind;

        public bool IsAttribute => isAttribute;

        public RedisReply[] Items => _items;

        /// <summary>True if the collection is full.</summary>
        public bool Add(RedisReply element)
        {
            if (_filled == _items.Length)
                Array.Resize(ref _items, (int)Math.Min(count, _items.Length * 2L));
            _items[_filled++] = element;
            return _filled == count;
        }
    }
}
