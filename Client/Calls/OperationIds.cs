using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansCache;

/// <summary>Names of this process's operations: 64 random bits of the process and a counter; cheaper than a random Guid each.</summary>
internal sealed class OperationIds
{
    private readonly long _process = BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long)));
    private long _last;

    /// <summary>The process itself, as a near-cache holder and writer.</summary>
    public Guid Process => At(0);

    public Guid Next() => At(Interlocked.Increment(ref _last));

    private Guid At(long number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, _process);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], number);
        return new(bytes);
    }
}
