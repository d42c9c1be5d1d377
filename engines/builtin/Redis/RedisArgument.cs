namespace OrleansCache.Redis;

/// <summary>One word of a command: bytes, a string (sent as UTF-8) or an integer (sent in decimal). <c>default</c> is empty.</summary>
public readonly struct RedisArgument
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    private RedisArgument(string? text, ReadOnlyMemory<byte> bytes) => (_text, _bytes) = (text, bytes);

    /// <summary>In bytes.</summary>
    internal int Length => _text is null ? _bytes.Length : Encoding.UTF8.GetByteCount(_text);

    /// <summary>Text, sent as UTF-8.</summary>
    public static implicit operator RedisArgument(string value) => new(value ?? throw new ArgumentNullException(nameof(value)), default);

    /// <summary>Bytes as they are.</summary>
    public static implicit operator RedisArgument(byte[] value) => new(null, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>Bytes as they are; they may be changed once the call has returned its task.</summary>
    public static implicit operator RedisArgument(ReadOnlyMemory<byte> value) => new(null, value);

    /// <summary>An integer, sent in decimal.</summary>
    public static implicit operator RedisArgument(long value) => new(value.ToString(CultureInfo.InvariantCulture), default);

    internal void Write(ArrayBufferWriter<byte> output)
    {
        if (_text is null)
            output.Write(_bytes.Span);
        else
            Encoding.UTF8.GetBytes(_text, output);
    }
}
