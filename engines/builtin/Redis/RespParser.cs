namespace OrleansCache.Redis;

/// <summary>
/// Reads RESP3 replies from bytes as they come, split anywhere: a reply's end is sought first, element by element and none twice,
/// and what it holds is read when it is whole. After an exception the parser is of no further use.
/// Source: github.com/redis/redis-specifications, protocol/RESP3.md; its streamed types, which no server sends, are refused.
/// </summary>
internal sealed class RespParser(int maxReplyBytes)
{
    private const int MaxDepth = 32;
    private const int MaxLine = 32 * 1024;
    private static readonly byte[] Ok = "OK"u8.ToArray();
    private long _missing = 1;
    private int _end;

    /// <summary>Takes a reply off <paramref name="input"/>; what is left must come again, in front of more.</summary>
    /// <returns>True if a reply is complete; call again, since more may be there.</returns>
    /// <exception cref="RedisProtocolException">The bytes are not RESP, or the reply is too large.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, out RedisReply reply)
    {
        reply = default;
        while (_missing > 0)
        {
            if (!TryPass(input))
                return false;
        }
        reply = Read(ref input, MaxDepth);
        (_missing, _end) = (1, 0);
        return true;
    }

    // Moves the end behind the next element, or behind the head of a collection.
    private bool TryPass(ReadOnlySpan<byte> input)
    {
        var rest = input[_end..];
        if (!TryTakeLine(ref rest, out var type, out var line))
            return false;
        var count = type is '+' or '-' or ':' or '_' or '#' or ',' or '(' ? 0 : Count(line);
        var blob = type is '$' or '=' or '!' ? count + 2 : 0;
        var elements = type switch { '%' => 2 * count, '|' => (2 * count) + 1, _ => blob > 0 ? 0 : count };
        var end = input.Length - rest.Length + blob;
        if (end + _missing + elements > maxReplyBytes)
            throw TooLarge();
        if (end > input.Length)
            return false;
        if (!input[..(int)end].EndsWith("\r\n"u8))
            throw new RedisProtocolException("A string in a reply does not end in CR LF where it was announced to.");
        (_end, _missing) = ((int)end, _missing + elements - 1);
        return true;
    }

    private RedisReply Read(ref ReadOnlySpan<byte> input, int depth)
    {
        TryTakeLine(ref input, out var type, out var line);
        return type switch
        {
            '$' => new(TakeBlob(ref input, line).ToArray()),
            '+' => new(line.SequenceEqual(Ok) ? Ok : line.ToArray()),
            ',' or '(' => new(line.ToArray()),
            '=' when TakeBlob(ref input, line) is [_, _, _, (byte)':', .. var text] => new(text.ToArray()),
            ':' => new(Number(line)),
            '#' when line is [(byte)'t' or (byte)'f'] => new(line[0] == 't' ? 1L : 0L),
            '_' when line.IsEmpty => default,
            '-' => new(new RedisServerException(Encoding.UTF8.GetString(line))),
            '!' => new(new RedisServerException(Encoding.UTF8.GetString(TakeBlob(ref input, line)))),
            '*' or '~' or '>' => new(ReadItems(ref input, Number(line), depth)),
            '%' => new(ReadItems(ref input, 2 * Number(line), depth)),
            '|' => ReadItems(ref input, (2 * Number(line)) + 1, depth)[^1],     // attributes, and what they belong to
            _ => throw new RedisProtocolException($"A reply starts with byte 0x{(int)type:x2} and is no RESP type, or not a valid one."),
        };
    }

    private RedisReply[] ReadItems(ref ReadOnlySpan<byte> input, long count, int depth)
    {
        var items = depth > 0 ? new RedisReply[count] : throw TooLarge();
        for (var i = 0; i < items.Length; i++)
            items[i] = Read(ref input, depth - 1);
        return items;
    }

    private static bool TryTakeLine(ref ReadOnlySpan<byte> input, out char type, out ReadOnlySpan<byte> line)
    {
        type = default;
        line = default;
        var end = input.IndexOf((byte)'\n');
        if (end < 0 && input.Length <= MaxLine)
            return false;
        if (end is < 2 or > MaxLine || input[end - 1] != '\r')
            throw new RedisProtocolException("A line of a reply is empty, too long, or does not end in CR LF.");
        type = (char)input[0];
        line = input[1..(end - 1)];
        input = input[(end + 1)..];
        return true;
    }

    private static ReadOnlySpan<byte> TakeBlob(ref ReadOnlySpan<byte> input, scoped ReadOnlySpan<byte> length)
    {
        var blob = input[..(int)Number(length)];
        input = input[(blob.Length + 2)..];
        return blob;
    }

    private long Count(ReadOnlySpan<byte> line) => Number(line) is var count && count >= 0 && count <= maxReplyBytes ? count : throw TooLarge();

    private static long Number(ReadOnlySpan<byte> line)
        => long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw new RedisProtocolException("A number in a reply is none, or a type that is streamed, which is not supported.");

    private RedisProtocolException TooLarge()
        => new($"A reply is larger than MaxReplyBytes ({maxReplyBytes}), nested deeper than {MaxDepth}, or has a negative length.");
}
