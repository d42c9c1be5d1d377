using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace OrleansCache.Redis;

/// <summary>One word of a command: bytes, a string (sent as UTF-8) or an integer.</summary>
[SuppressMessage("Usage", "CA2225", Justification = "A command is written as a list of its words.")]
public readonly struct RedisArgument
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly long _number;
    private readonly bool _isNumber;

    private RedisArgument(string? text, ReadOnlyMemory<byte> bytes, long number, bool isNumber)
        => (_text, _bytes, _number, _isNumber) = (text, bytes, number, isNumber);

    /// <summary>Text, sent as UTF-8.</summary>
    public static implicit operator RedisArgument(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new(value, default, 0, false);
    }

    /// <summary>Bytes as they are.</summary>
    public static implicit operator RedisArgument(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new(null, value, 0, false);
    }

    /// <summary>Bytes as they are; they may be changed once the call has returned its task.</summary>
    public static implicit operator RedisArgument(ReadOnlyMemory<byte> value) => new(null, value, 0, false);

    /// <summary>An integer, sent in decimal.</summary>
    public static implicit operator RedisArgument(long value) => new(null, default, value, true);

    /// <summary>Writes the word itself and returns its length in bytes.</summary>
    internal int Write(Span<byte> target)
    {
        if (_text is not null)
            return Encoding.UTF8.GetBytes(_text, target);
        if (_isNumber)
        {
            _number.TryFormat(target, out var written, provider: CultureInfo.InvariantCulture);
            return written;
        }
        _bytes.Span.CopyTo(target);
        return _bytes.Length;
    }

    /// <summary>The exact length, needed before the bytes.</summary>
    internal int Length => _text is not null ? Encoding.UTF8.GetByteCount(_text) : _isNumber ? Digits(_number) : _bytes.Length;

    private static int Digits(long value)
    {
        Span<byte> scratch = stackalloc byte[20];
        value.TryFormat(scratch, out var written, provider: CultureInfo.InvariantCulture);
        return written;
    }
}
