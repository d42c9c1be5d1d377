namespace OrleansCache.Redis;

/// <summary>One word of a command: bytes, a string (sent as UTF-8) or an integer (sent in decimal). <c>default</c> is empty.</summary>
public readonly struct RedisArgument
{
    /// <summary>It is this and <see cref="Bytes"/>, of which one is empty.</summary>
    internal readonly string? Text;

    internal readonly ReadOnlyMemory<byte> Bytes;

    private RedisArgument(string? text, ReadOnlyMemory<byte> bytes) => (Text, Bytes) = (text, bytes);

    /// <summary>In bytes.</summary>
    internal int Length => Text is null ? Bytes.Length : Encoding.UTF8.GetByteCount(Text);

    /// <summary>Text, sent as UTF-8.</summary>
    public static implicit operator RedisArgument(string value) => new(value ?? throw new ArgumentNullException(nameof(value)), default);

    /// <summary>Bytes as they are.</summary>
    public static implicit operator RedisArgument(byte[] value) => new(null, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>Bytes as they are; they may be changed once the call has returned its task.</summary>
    public static implicit operator RedisArgument(ReadOnlyMemory<byte> value) => new(null, value);

    /// <summary>An integer, sent in decimal.</summary>
    public static implicit operator RedisArgument(long value) => new(value.ToString(CultureInfo.InvariantCulture), default);

}
