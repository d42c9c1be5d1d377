namespace OrleansCache.Redis;

/// <summary>What is said on a new connection before callers may use it.</summary>
internal static class RedisHandshake
{
    /// <returns>The RESP version agreed on: 3 or 2.</returns>
    public static async Task<int> GreetAsync(RedisConnection connection, RedisConnectionOptions options, CancellationToken cancellationToken)
    {
        var protocol = options.Resp3 && await HelloAsync(connection, options, cancellationToken).ConfigureAwait(false) ? 3 : 2;
        if (protocol == 2)
        {
            if (options.Password is { } password)
                await AskAsync(connection, options.User is { } user ? ["AUTH", user, password] : ["AUTH", password], cancellationToken).ConfigureAwait(false);
            if (options.ClientName is { } name)
                await AskAsync(connection, ["CLIENT", "SETNAME", name], cancellationToken).ConfigureAwait(false);
        }
        if (options.Database != 0)
            await AskAsync(connection, ["SELECT", options.Database], cancellationToken).ConfigureAwait(false);
        await ProbeAsync(connection, cancellationToken).ConfigureAwait(false);
        return protocol;
    }

    // False if the server does not know RESP3.
    private static async Task<bool> HelloAsync(RedisConnection connection, RedisConnectionOptions options, CancellationToken cancellationToken)
    {
        List<RedisArgument> hello = ["HELLO", 3];
        if (options.Password is { } password)
            hello.AddRange(["AUTH", options.User ?? "default", password]);
        if (options.ClientName is { } name)
            hello.AddRange(["SETNAME", name]);
        try
        {
            var reply = await AskAsync(connection, [.. hello], cancellationToken).ConfigureAwait(false);
            if (options.EndPoints.Length > 1 && reply["role"].AsString() == "replica")
                throw new RedisConnectionException($"{connection.EndPoint} is a replica.", maybeApplied: false);
            return true;
        }
        catch (RedisServerException exception)
            when (exception.Code == "NOPROTO" || exception.Message.StartsWith("ERR unknown command", StringComparison.Ordinal))
        {
            return false;
        }
    }

    // A server that loads its data set accepts connections, and refuses what matters.
    private static async Task ProbeAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(connection, ["PING"], cancellationToken).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Code == "NOPERM")
        {
            // It answered.
        }
    }

    private static ValueTask<RedisReply> AskAsync(RedisConnection connection, RedisArgument[] command, CancellationToken cancellationToken)
        => connection.Send(command).AsTask(cancellationToken);
}
