using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace OrleansCache;

/// <summary>Stands for a caller's credentials in this process: a keyed hash by a secret that no other process has.</summary>
internal readonly record struct CredentialHash(UInt128 High, UInt128 Low)
{
    private const int MaxStackBytes = 512;
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    /// <param name="exchange">Where they are exchanged: another place gives another token.</param>
    /// <param name="authorization">The header as it came.</param>
    public static CredentialHash Of(ExchangePolicy exchange, string authorization)
    {
        var place = exchange.Url.AbsoluteUri;
        var size = Encoding.UTF8.GetMaxByteCount(place.Length + 1 + authorization.Length);
        var bytes = size <= MaxStackBytes ? stackalloc byte[MaxStackBytes] : new byte[size];
        var length = Encoding.UTF8.GetBytes(place, bytes);
        bytes[length++] = 0;
        length += Encoding.UTF8.GetBytes(authorization, bytes[length..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Secret, bytes[..length], hash);
        CryptographicOperations.ZeroMemory(bytes);
        return MemoryMarshal.Read<CredentialHash>(hash);
    }
}
