using Microsoft.Win32.SafeHandles;

namespace OrleansCache;

/// <summary>A <see cref="LocalLease"/> in a file of two copies, written in turn and in place: a torn write leaves the other, a full disk is no hindrance.</summary>
internal sealed class LeaseFile : IDisposable
{
    private const int CopyDistance = 4096;
    private readonly SafeFileHandle _file;
    private readonly byte[] _buffer = new byte[LocalLease.Length];

    private LeaseFile(SafeFileHandle file, LocalLease lease) => (_file, Lease) = (file, lease);

    public LocalLease Lease { get; private set; }

    /// <exception cref="StartRefusedException">Both copies are damaged.</exception>
    public static LeaseFile Open(string path)
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var lease = ReadCopy(file, 0) is { } first && ReadCopy(file, 1) is var second
                ? second?.Sequence > first.Sequence ? second.Value : first
                : ReadCopy(file, 1);
            if (lease is null && !IsBlank(file))
            {
                throw new StartRefusedException(
                    $"{path} is damaged: neither of its copies can be read. Restore it, or delete it if the machine's clock was never set back "
                    + "(it keeps versions from falling).");
            }
            return new(file, lease ?? default);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <param name="next">Its sequence is set here.</param>
    /// <param name="flush">Waits until the disk has it; without, it survives a kill of the process only.</param>
    /// <exception cref="IOException">It was not written; the former lease is whole.</exception>
    public void Write(LocalLease next, bool flush)
    {
        next = next with { Sequence = Lease.Sequence + 1 };
        next.Write(_buffer);
        RandomAccess.Write(_file, _buffer, next.Sequence % 2 * CopyDistance);
        if (flush)
            RandomAccess.FlushToDisk(_file);
        Lease = next;
    }

    public void Dispose() => _file.Dispose();

    private static LocalLease? ReadCopy(SafeFileHandle file, int copy)
    {
        Span<byte> bytes = stackalloc byte[LocalLease.Length];
        var read = RandomAccess.Read(file, bytes, copy * CopyDistance);
        return LocalLease.Read(bytes[..read]);
    }

    // A start that was killed before its first write leaves an empty file or a hole.
    private static bool IsBlank(SafeFileHandle file)
    {
        var bytes = new byte[CopyDistance + LocalLease.Length];
        var read = RandomAccess.Read(file, bytes, 0);
        return !bytes.AsSpan(0, read).ContainsAnyExcept((byte)0);
    }
}
