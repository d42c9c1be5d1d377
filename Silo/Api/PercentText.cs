using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace OrleansCache;

/// <summary>Percent-decoding, once and strictly: what is not a pair of hex digits or not UTF-8 is refused, never guessed.</summary>
internal static class PercentText
{
    private const int OnStack = 512;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes one path segment, or one part of a query in which <c>+</c> is a space.</summary>
    /// <param name="raw">As it stood in the request line.</param>
    /// <param name="plusIsSpace">True for the parts of a query.</param>
    /// <param name="text">The decoded text.</param>
    /// <param name="error">What is wrong with it, as the end of a sentence.</param>
    public static bool TryDecode(ReadOnlySpan<char> raw, bool plusIsSpace, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? error)
    {
        (text, error) = (null, null);
        if (!raw.Contains('%') && !(plusIsSpace && raw.Contains('+')) && Ascii.IsValid(raw))
        {
            text = raw.ToString();
            return true;
        }

        var rented = raw.Length > OnStack ? ArrayPool<byte>.Shared.Rent(raw.Length) : null;
        var bytes = rented ?? stackalloc byte[OnStack];
        error = Octets(raw, plusIsSpace, bytes, out var length);
        if (error is null)
        {
            try
            {
                text = Strict.GetString(bytes[..length]);
            }
            catch (DecoderFallbackException)
            {
                error = "is not UTF-8; percent-encode the UTF-8 bytes of each character";
            }
        }

        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return text is not null;
    }

    private static string? Octets(ReadOnlySpan<char> raw, bool plusIsSpace, Span<byte> bytes, out int length)
    {
        length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c > '~')
                return "has a character outside of ASCII; percent-encode it";
            if (c == '%')
            {
                if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
                    return "has a % that two hex digits do not follow; write %25 for a percent sign";
                bytes[length++] = (byte)((Hex(raw[i + 1]) << 4) | Hex(raw[i + 2]));
                i += 2;
            }
            else
            {
                bytes[length++] = plusIsSpace && c == '+' ? (byte)' ' : (byte)c;
            }
        }

        return null;
    }

    private static int Hex(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
