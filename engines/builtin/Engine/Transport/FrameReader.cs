namespace OrleansCache.Engine;

/// <summary>What a frame is. Its bytes are a length of four bytes, the kind, the call's number, and fields.</summary>
internal enum FrameKind : byte { Request = 1, Value = 2, Error = 3, Cancel = 4 }

/// <summary>Reads a stream in large pieces and cuts frames out of them. Of one thread at a time.</summary>
internal sealed class FrameReader(Stream stream)
{
    private const int UsualSize = 32 * 1024, HeadSize = sizeof(uint);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(UsualSize);
    private int _start, _end;

    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start.._end);

    /// <summary>Reads more; false at the stream's end. Frames taken before are no longer valid.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken = default)
    {
        MoveTo(Unread.IsEmpty && _buffer.Length > 2 * UsualSize ? ArrayPool<byte>.Shared.Rent(UsualSize)
            : Unread.Length == _buffer.Length ? ArrayPool<byte>.Shared.Rent(2 * _buffer.Length) : _buffer);
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    /// <summary>Takes the next whole frame, which begins after so many bytes.</summary>
    /// <exception cref="InvalidDataException">It is longer than the limit.</exception>
    public bool TryTake(int limit, out ReadOnlySpan<byte> frame, int after = 0)
    {
        frame = default;
        if (Unread.Length < after + HeadSize)
            return false;
        var size = BinaryPrimitives.ReadUInt32LittleEndian(Unread[after..]);
        if (size > (uint)limit)
            throw new InvalidDataException($"a frame of {size} bytes came where {limit} are allowed: MaxFrameBytes, or less in a handshake.");
        var begin = after + HeadSize;
        if (Unread.Length - begin < size)
            return false;
        frame = Unread.Slice(begin, (int)size);
        _start += begin + frame.Length;
        return true;
    }

    private void MoveTo(byte[] target)
    {
        var unread = Unread.Length;
        if (_start > 0 || target != _buffer)
            Unread.CopyTo(target);
        if (target != _buffer)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (target, 0, unread);
    }
}
