using System.Globalization;
using System.Text;

namespace OrleansCache.Redis;

/// <summary>
/// Reads RESP2 and RESP3 replies from bytes as they come, split anywhere; elements that are whole are not read again. After an
/// exception the parser is of no further use.
/// Source: github.com/redis/redis-specifications, protocol/RESP3.md; its streamed types, which no server sends, are refused.
/// </summary>
internal sealed class RespParser(long maxReplyBytes)
{
    private const int MaxDepth = 32;
    private const int MaxLine = 32 * 1024;
    private const int ElementCost = 32;
    private static readonly byte[] Ok = "OK"u8.ToArray();
    private static readonly byte[] Pong = "PONG"u8.ToArray();
    private static readonly NumberFormatInfo Numbers = new() { PositiveInfinitySymbol = "inf", NegativeInfinitySymbol = "-inf", NaNSymbol = "nan" };

    private readonly Stack<Collection> _open = new();
    private long _cost;

    /// <summary>Takes the bytes it could use off <paramref name="input"/>; what is left must come again, in front of more.</summary>
    /// <returns>True if a reply is complete; call again, since more may be there.</returns>
    /// <exception cref="RedisProtocolException">The bytes are not RESP, or the reply is too large.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, out RedisReply reply)
    {
        while (TryReadElement(ref input, out reply, out var opened))
        {
            if (opened || !TryClose(ref reply))
                continue;
            _cost = 0;
            return true;
        }
        return false;
    }

    internal static bool TryParseDouble(ReadOnlySpan<byte> text, out double number)
        => double.TryParse(text, NumberStyles.Float, Numbers, out number);

    private bool TryReadElement(ref ReadOnlySpan<byte> input, out RedisReply element, out bool opened)
    {
        (element, opened) = (default, false);
        var end = input.IndexOf((byte)'\n');
        if (end < 0 && input.Length <= MaxLine)
            return false;
        if (end is < 2 or > MaxLine || input[end - 1] != '\r')
            throw new RedisProtocolException("A line of a reply is empty, too long, or does not end in CR LF.");
        var line = input[1..(end - 1)];
        var rest = input[(end + 1)..];
        switch (input[0])
        {
            case (byte)'$' or (byte)'=' or (byte)'!':
                if (!TryReadBlob(input[0], line, ref rest, out element))
                    return false;
                break;
            case (byte)'*' or (byte)'~' or (byte)'>' or (byte)'%' or (byte)'|':
                opened = Open(input[0], line, out element);
                break;
            default:
                element = Scalar(input[0], line);
                break;
        }
        if ((_cost += ElementCost + input.Length - rest.Length) > maxReplyBytes)
            throw TooLarge();
        input = rest;
        return true;
    }

    private static RedisReply Scalar(byte type, ReadOnlySpan<byte> line) => type switch
    {
        (byte)'+' => new(RedisReplyKind.SimpleString, line.SequenceEqual(Ok) ? Ok : line.SequenceEqual(Pong) ? Pong : line.ToArray()),
        (byte)'-' => new(RedisReplyKind.Error, Encoding.UTF8.GetString(line)),
        (byte)':' => new(RedisReplyKind.Integer, null, Number(line)),
        (byte)'_' when line.IsEmpty => default,
        (byte)'#' when line is [(byte)'t' or (byte)'f'] => new(RedisReplyKind.Boolean, null, line[0] == 't' ? 1 : 0),
        (byte)',' when TryParseDouble(line, out var number) => new(RedisReplyKind.Double, null, BitConverter.DoubleToInt64Bits(number)),
        (byte)'(' when IsInteger(line) => new(RedisReplyKind.BigNumber, line.ToArray()),
        _ => throw new RedisProtocolException($"A reply starts with byte 0x{type:x2} and is no RESP type, or not a valid one."),
    };

    private bool TryReadBlob(byte type, ReadOnlySpan<byte> line, ref ReadOnlySpan<byte> rest, out RedisReply element)
    {
        element = default;
        var length = Number(line);
        if (length == -1 && type == '$')
            return true;
        if (length < 0 || _cost + length > maxReplyBytes)
            throw TooLarge();
        if (rest.Length < length + 2)
            return false;
        var blob = rest[..(int)length];
        rest = rest[blob.Length..];
        if (!rest.StartsWith("\r\n"u8))
            throw new RedisProtocolException("A string in a reply does not end in CR LF where it was announced to.");
        rest = rest[2..];
        element = type switch
        {
            (byte)'$' => new(RedisReplyKind.BulkString, blob.ToArray()),
            (byte)'!' => new(RedisReplyKind.Error, Encoding.UTF8.GetString(blob)),
            _ when blob.Length >= 4 && blob[3] == ':' => new(RedisReplyKind.VerbatimString, blob[4..].ToArray()),
            _ => throw new RedisProtocolException("A verbatim string does not start with its three-letter format."),
        };
        return true;
    }

    // True if elements are to follow.
    private bool Open(byte type, ReadOnlySpan<byte> line, out RedisReply element)
    {
        var length = Number(line);
        var kind = type switch
        {
            (byte)'*' => RedisReplyKind.Array,
            (byte)'~' => RedisReplyKind.Set,
            (byte)'>' => RedisReplyKind.Push,
            _ => RedisReplyKind.Map,
        };
        element = length == -1 && type == '*' ? default : new(kind, Array.Empty<RedisReply>());
        if (element.IsNull || (length == 0 && type != '|'))
            return false;
        if (length < 0 || length > maxReplyBytes / ElementCost || _open.Count == MaxDepth)
            throw TooLarge();
        if (length > 0)
            _open.Push(new Collection(kind, (int)(kind == RedisReplyKind.Map ? length * 2 : length), isAttribute: type == '|'));
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

    private static long Number(ReadOnlySpan<byte> line)
        => long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RedisProtocolException("A number in a reply is none, or a type that is streamed, which is not supported.");

    private static bool IsInteger(ReadOnlySpan<byte> line)
    {
        var digits = line is [(byte)'+' or (byte)'-', ..] ? line[1..] : line;
        return !digits.IsEmpty && digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }

    private RedisProtocolException TooLarge()
        => new($"A reply is larger than MaxReplyBytes ({maxReplyBytes}), nested deeper than {MaxDepth}, or has a negative length.");

    private sealed class Collection(RedisReplyKind kind, int count, bool isAttribute)
    {
        private RedisReply[] _items = new RedisReply[Math.Min(count, 256)];
        private int _filled;

        public RedisReplyKind Kind => kind;

        public bool IsAttribute => isAttribute;

        public RedisReply[] Items => _items;

        /// <summary>True if the collection is full.</summary>
        public bool Add(in RedisReply element)
        {
            if (_filled == _items.Length)
                Array.Resize(ref _items, (int)Math.Min(count, _items.Length * 2L));
            _items[_filled++] = element;
            return _filled == count;
        }
    }
}
