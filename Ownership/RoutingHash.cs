using System.Buffers;
using System.Text;

namespace OrleansCache;

/// <summary>The hash that places keys: the same in every process, version and engine. FNV-1a over UTF-8, finished by MurmurHash3's fmix64.</summary>
/// <remarks>Its values are part of the wire and of placement: golden values are tested on both engines.</remarks>
internal static class RoutingHash
{
    private const int OnStack = 512;

    public static ulong Of(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (length <= OnStack)
        {
            Span<byte> utf8 = stackalloc byte[OnStack];
            return Of(utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(length);
        var hash = Of(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    public static ulong Of(ReadOnlySpan<byte> utf8)
    {
        var hash = 14695981039346656037UL;
        foreach (var octet in utf8)
            hash = (hash ^ octet) * 1099511628211UL;
        return Mix(hash);
    }

    /// <summary>Spreads every bit of the input over the whole output.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }
}
