using System.Runtime.CompilerServices;

namespace OrleansCache.Redis;

/// <remarks>
/// Every command may throw <see cref="RedisServerException"/> (refused), <see cref="RedisConnectionException"/> (see its
/// <see cref="RedisConnectionException.MaybeApplied"/>) and <see cref="RedisTimeoutException"/>. A token ends the wait, not the command.
/// </remarks>
public sealed partial class RedisClient
{
    /// <summary>Any command, word by word: <c>ExecuteAsync(["HSET", key, "field", value])</c>. Not for SUBSCRIBE or blocking commands.</summary>
    public ValueTask<RedisReply> ExecuteAsync(ReadOnlySpan<RedisArgument> command, CancellationToken cancellationToken = default)
        => Send(command, cancellationToken).AsReply(cancellationToken);

    /// <summary>The value, or null if there is none.</summary>
    public ValueTask<byte[]?> GetAsync(RedisArgument key, CancellationToken cancellationToken = default)
        => Send(["GET", key], cancellationToken).AsBytes(cancellationToken);

    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiry">Lifetime, at least a millisecond, or the server refuses; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask SetAsync(RedisArgument key, RedisArgument value, TimeSpan? expiry = null, CancellationToken cancellationToken = default)
    {
        ReadOnlySpan<RedisArgument> command = expiry is { } lifetime ? ["SET", key, value, "PX", (long)lifetime.TotalMilliseconds] : ["SET", key, value];
        return Send(command, cancellationToken).AsVoid(cancellationToken);
    }

    /// <summary>Runs a script by its SHA; a server that does not have it gets the text. An error reply of the script throws.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisReply> EvalAsync(
        RedisScript script, RedisArgument[] keys, RedisArgument[] arguments, CancellationToken cancellationToken = default)
    {
        RedisArgument[] command = ["EVALSHA", script.Sha, keys.Length, .. keys, .. arguments];
        try
        {
            return await ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Code == "NOSCRIPT")
        {
            (command[0], command[1]) = ("EVAL", script.Text);
            return await ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How many subscribers of this server got it.</summary>
    public async ValueTask<long> PublishAsync(RedisArgument channel, RedisArgument message, CancellationToken cancellationToken = default)
        => (await ExecuteAsync(["PUBLISH", channel, message], cancellationToken).ConfigureAwait(false)).AsInt64();

    /// <summary>Asks for a sign of life.</summary>
    public ValueTask PingAsync(CancellationToken cancellationToken = default) => Send(["PING"], cancellationToken).AsVoid(cancellationToken);

    /// <summary>The server's wall clock in microseconds since 1970, UTC.</summary>
    public async ValueTask<long> TimeAsync(CancellationToken cancellationToken = default)
    {
        var reply = await ExecuteAsync(["TIME"], cancellationToken).ConfigureAwait(false);
        return (reply[0].AsInt64() * 1_000_000) + reply[1].AsInt64();
    }

    /// <summary>The server's report, <c>name:value</c> by line.</summary>
    public async ValueTask<string> InfoAsync(string section = "default", CancellationToken cancellationToken = default)
        => (await ExecuteAsync(["INFO", section], cancellationToken).ConfigureAwait(false)).AsString()!;
}
