using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace OrleansCache.Redis;

/// <summary>A Lua script with its SHA-1, computed once: keep it in a static field.</summary>
public sealed class RedisScript
{
    /// <summary>Takes the script's text and computes its SHA-1.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "Redis names scripts by SHA-1.")]
    public RedisScript(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        Text = text;
        Sha = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The Lua source.</summary>
    public string Text { get; }

    /// <summary>40 lower-case hex digits, as <c>EVALSHA</c> takes them.</summary>
    public string Sha { get; }
}
