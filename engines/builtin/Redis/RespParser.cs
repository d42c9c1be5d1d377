namespace OrleansCache.Redis;

/// <summary>
/// Reads RESP3 replies from bytes as they come, split anywhere: a reply's elements are sought first, one by one and none twice,
/// and what they hold is read when it is whole. After an exception the parser is of no further use.
/// Source: github.com/redis/redis-specifications, protocol/RESP3.md; its streamed types, which no server sends, are refused.
/// </summary>
internal sealed class RespParser(int maxReplyBytes)
{
    private const int MaxDepth = 32;
    private const int MaxLine = 32 * 1024;
    private const int ElementsKept = 4096;
    private static readonly byte[] Ok = "OK"u8.ToArray();
    private readonly Queue<(char Type, Range Bytes, long Count)> _elements = [];
    private long _missing = 1;      // elements that were announced and not found
    private int _end;               // of those found

    /// <summary>Takes a reply off <paramref name="input"/>; what is left must come again, in front of more.</summary>
    /// <returns>True if a reply is complete; call again, since more may be there.</returns>
    /// <exception cref="RedisProtocolException">The bytes are not RESP, or the reply is too large.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, out RedisReply reply)
    {
        for (reply = default; _missing > 0; _missing--)
        {
            var line = input[_end..];
            var length = line.IndexOf((byte)'\n');
            if (length < 0 && line.Length <= MaxLine)
                return false;
            if (length is < 2 or > MaxLine || line[length - 1] != '\r')
                throw new RedisProtocolException("A line of a reply is empty, too long, or does not end in CR LF.");
            var (type, after) = ((char)line[0], _end + length + 1);
            var number = type is '+' or '-' or ':' or '_' or '#' or ',' or '(' ? 0 : Number(line[1..(length - 1)]);
            var isBlob = type is '$' or '=' or '!';
            var count = isBlob ? 0 : type switch { '%' => 2 * number, '|' => (2 * number) + 1, _ => number };
            var end = isBlob ? after + number + 2 : after;
            if (number < 0 || number > maxReplyBytes || end + _missing + count > maxReplyBytes)
                throw TooLarge();
            if (end > input.Length)
                return false;
            if (!input[..(int)end].EndsWith("\r\n"u8))
                throw new RedisProtocolException("A string in a reply does not end in CR LF where it was announced to.");
            _elements.Enqueue((type, (isBlob ? after : _end + 1)..((int)end - 2), count));
            (_end, _missing) = ((int)end, _missing + count);
        }
        reply = Read(input, MaxDepth);
        input = input[_end..];
        (_missing, _end) = (1, 0);
        _elements.TrimExcess(Math.Min(_elements.Capacity, ElementsKept));
        return true;
    }

    private RedisReply Read(ReadOnlySpan<byte> input, int depth)
    {
        var (type, range, count) = _elements.Dequeue();
        var bytes = input[range];
        return type switch
        {
            '+' when bytes.SequenceEqual(Ok) => new(Ok),
            '$' or '+' or ',' or '(' => new(bytes.ToArray()),
            '=' when bytes is [_, _, _, (byte)':', .. var text] => new(text.ToArray()),
            ':' => new(Number(bytes)),
            '#' when bytes is [(byte)'t' or (byte)'f'] => new(bytes[0] == 't' ? 1L : 0L),
            '_' when bytes.IsEmpty => default,
            '-' or '!' => new(new RedisServerException(Encoding.UTF8.GetString(bytes))),
            '*' or '~' or '>' or '%' => new(ReadItems(input, count, depth)),
            '|' => ReadItems(input, count, depth)[^1],     // attributes, and what they belong to
            _ => throw new RedisProtocolException($"A reply starts with byte 0x{(int)type:x2} and is no RESP type, or not a valid one."),
        };
    }

    private RedisReply[] ReadItems(ReadOnlySpan<byte> input, long count, int depth)
    {
        var items = depth > 0 ? new RedisReply[count] : throw TooLarge();
        for (var i = 0; i < items.Length; i++)
            items[i] = Read(input, depth - 1);
        return items;
    }

    private static long Number(ReadOnlySpan<byte> line)
        => long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw new RedisProtocolException("A number in a reply is none, or a type that is streamed, which is not supported.");

    private RedisProtocolException TooLarge()
        => new($"A reply is larger than MaxReplyBytes ({maxReplyBytes}), nested deeper than {MaxDepth}, or has a negative length.");
}
