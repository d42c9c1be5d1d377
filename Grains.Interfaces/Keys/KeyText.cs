using System.Security.Cryptography;
using System.Text;

namespace OrleansCache;

/// <summary>The text of a key: checked, normalised, hashed when long, and joined to its region without ambiguity.</summary>
internal static class KeyText
{
    public const int MaxBytes = 4096;
    private const int HashedAbove = 1024;

    /// <summary>No plain key begins so: its own <c>%</c> is escaped.</summary>
    private const string HashPrefix = "%sha256-";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Checked(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length == 0)
            throw new ArgumentException("The key is empty; give it at least one character.", nameof(key));
        if (key.Length > MaxBytes)
            throw TooLong(key, $"{key.Length} characters");
        var text = Normalised(key, "key");
        return Encoding.UTF8.GetByteCount(text) is var bytes and > MaxBytes ? throw TooLong(key, $"{bytes} bytes of UTF-8") : text;
    }

    public static string Normalised(string text, string what)
    {
        try
        {
            return text.IsNormalized() ? text : text.Normalize();
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"The {what} is not Unicode text: it has half a surrogate pair or a non-character; encode it first.", what, e);
        }
    }

    public static string Join(string region, string key)
    {
        if (key.Length > HashedAbove / 3 && Encoding.UTF8.GetByteCount(key) > HashedAbove)
            return $"{region}:{HashPrefix}{Convert.ToHexStringLower(SHA256.HashData(Strict.GetBytes(key)))}";
        return key.AsSpan().ContainsAny('%', ':')
            ? $"{region}:{key.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal)}"
            : $"{region}:{key}";
    }

    public static string Unescape(ReadOnlySpan<char> escaped)
    {
        var text = escaped.ToString();
        return text.Contains('%', StringComparison.Ordinal) && !text.StartsWith(HashPrefix, StringComparison.Ordinal)
            ? text.Replace("%3A", ":", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal)
            : text;
    }

    private static ArgumentException TooLong(string key, string size) =>
        new($"The key is {size}; use at most {MaxBytes} bytes of UTF-8, or a hash of what it holds.", nameof(key));
}
