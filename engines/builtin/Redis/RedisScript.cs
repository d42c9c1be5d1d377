namespace OrleansCache.Redis;

/// <summary>A Lua script with its SHA-1, computed once: keep it in a static field.</summary>
public sealed class RedisScript(string text)
{
    /// <summary>The Lua source.</summary>
    public string Text { get; } = text;

    /// <summary>40 lower-case hex digits, as <c>EVALSHA</c> takes them.</summary>
    public string Sha { get; } = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
}
