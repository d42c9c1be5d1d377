namespace OrleansCache.Redis;

/// <summary>Anything that went wrong between this process and Redis.</summary>
public abstract class RedisException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The server refused the command.</summary>
public sealed class RedisServerException(string message) : RedisException(message)
{
    /// <summary>First word of the server's message: <c>NOSCRIPT</c>, <c>READONLY</c>, <c>OOM</c>, <c>LOADING</c>, <c>WRONGTYPE</c>, <c>ERR</c> …</summary>
    public string Code { get; } = message.Split(' ', 2)[0];
}

/// <summary>There is no connection, or it broke before the answer came.</summary>
public class RedisConnectionException(string message, bool maybeApplied, Exception? inner = null) : RedisException(message, inner)
{
    /// <summary>True if the server may have run the command; false if it certainly did not get it.</summary>
    public bool MaybeApplied { get; } = maybeApplied;
}

/// <summary>No answer within <see cref="RedisConnectionOptions.CommandTimeout"/>.</summary>
public sealed class RedisTimeoutException(string message, bool maybeApplied) : RedisConnectionException(message, maybeApplied);

/// <summary>What arrived is not RESP, or exceeds <see cref="RedisConnectionOptions.MaxReplyBytes"/>; the connection is given up.</summary>
public sealed class RedisProtocolException(string message) : RedisException(message);
