using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansCache;

/// <summary>The texts that stand for an origin's version.</summary>
internal static class OriginVersion
{
    /// <summary>Where the origin has no history and nothing else is said.</summary>
    public const string Default = "-1";

    private const int MaxLength = 128;

    /// <summary>As it is compared and stored: a long one by its hash.</summary>
    /// <param name="answer">The origin's; null when there is no history.</param>
    /// <param name="fallback">Stands for no history; <see cref="Default"/> when null.</param>
    public static string Of(string? answer, string? fallback) =>
        answer is null ? fallback ?? Default
        : answer.Length <= MaxLength ? answer
        : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answer)));

    /// <summary>One that nobody has: whatever is there is of another.</summary>
    public static string Unknown() => "unknown:" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
}
