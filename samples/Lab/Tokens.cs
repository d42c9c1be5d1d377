using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansCache.Samples.Lab;

/// <summary>Signed tokens (RFC 7519, HS256) that the auth service gives and the user service takes.</summary>
internal sealed class Tokens(string key, TimeProvider clock)
{
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    public string Make(string login, TimeSpan life)
    {
        var until = (clock.GetUtcNow() + life).ToUnixTimeSeconds();
        var claims = $$"""{"sub":"{{JsonEncodedText.Encode(login)}}","exp":{{until.ToString(CultureInfo.InvariantCulture)}}}""";
        var signed = $"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Sign(signed)}";
    }

    /// <summary>True for a token of ours that has not ended.</summary>
    public bool Takes(string token)
    {
        var end = token.LastIndexOf('.');
        if (end <= Header.Length || !token.StartsWith(Header + ".", StringComparison.Ordinal))
            return false;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Sign(token[..end])), Encoding.UTF8.GetBytes(token[(end + 1)..])))
            return false;
        var claims = JsonElement.Parse(Base64Url.DecodeFromChars(token.AsSpan(Header.Length + 1, end - Header.Length - 1)));
        return claims.GetProperty("exp").GetInt64() > clock.GetUtcNow().ToUnixTimeSeconds();
    }

    private string Sign(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(text)));
}
