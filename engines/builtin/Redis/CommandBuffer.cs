using System.Globalization;

namespace OrleansCache.Redis;

/// <summary>Commands in RESP, one behind the other, as they will be sent. Not thread-safe.</summary>
internal sealed class CommandBuffer
{
    private const int Initial = 4096;
    private const int Kept = 1 << 20;
    private const int HeaderLength = 16;
    private byte[] _bytes = new byte[Initial];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Write(ReadOnlySpan<RedisArgument> command)
    {
        long end = Length + HeaderLength;
        foreach (ref readonly var argument in command)
            end += HeaderLength + argument.Length + 2L;
        if (end > Array.MaxLength)
            throw new ArgumentException($"The commands to be sent come to {end} bytes; an array holds {Array.MaxLength}.");
        if (end > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Clamp(_bytes.Length * 2L, end, Array.MaxLength));
        WriteHeader('*', command.Length);
        foreach (ref readonly var argument in command)
        {
            var length = argument.Length;
            WriteHeader('$', length);
            argument.Write(_bytes.AsSpan(Length, length));
            Length += length;
            EndLine();
        }
    }

    /// <summary>Empties it; an array that grew large is given back.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > Kept)
            _bytes = new byte[Initial];
    }

    private void WriteHeader(char type, int number)
    {
        _bytes[Length++] = (byte)type;
        number.TryFormat(_bytes.AsSpan(Length), out var digits, provider: CultureInfo.InvariantCulture);
        Length += digits;
        EndLine();
    }

    private void EndLine()
    {
        "\r\n"u8.CopyTo(_bytes.AsSpan(Length));
        Length += 2;
    }
}
