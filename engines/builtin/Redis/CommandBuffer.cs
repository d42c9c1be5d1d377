using System.Diagnostics;
using System.Globalization;

namespace OrleansCache.Redis;

/// <summary>Commands in RESP, one behind the other, as they will be sent. Not thread-safe.</summary>
internal sealed class CommandBuffer
{
    private const int Kept = 1 << 20;
    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Write(ReadOnlySpan<RedisArgument> command)
    {
        long needed = 16;
        foreach (ref readonly var argument in command)
            needed += argument.Length + 24L;
        Reserve(Length + needed);
        Header((byte)'*', command.Length);
        foreach (ref readonly var argument in command)
        {
            Header((byte)'$', argument.Length);
            Length += argument.Write(_bytes.AsSpan(Length));
            EndLine();
        }
    }

    /// <summary>Empties it; a buffer that grew large is given back.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > Kept)
            _bytes = new byte[4096];
    }

    private void Reserve(long size)
    {
        if (size <= _bytes.Length)
            return;
        if (size > Array.MaxLength)
            throw new ArgumentException($"A command of {size} bytes does not fit in one array; Redis takes 512 MiB.");
        Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(size, _bytes.Length * 2L)));
    }

    private void Header(byte type, int number)
    {
        _bytes[Length++] = type;
        var fits = number.TryFormat(_bytes.AsSpan(Length), out var digits, provider: CultureInfo.InvariantCulture);
        Debug.Assert(fits);
        Length += digits;
        EndLine();
    }

    private void EndLine()
    {
        _bytes[Length++] = (byte)'\r';
        _bytes[Length++] = (byte)'\n';
    }
}
