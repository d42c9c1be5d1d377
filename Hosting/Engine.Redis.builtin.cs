using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OrleansCache.Redis;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: storage over our own Redis client.</summary>
internal sealed class RedisDatabase(string connectionString, TimeProvider time, ILogger<RedisDatabase> logger) : IRedisDatabase
{
    /// <summary>Between two attempts to connect. Silos that find Redis again a lease apart would take each other for dead.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly RedisConnectionOptions _options = Options(connectionString);
    private RedisClient? _client;

    public string Description => _options.ToString();

    public bool IsConnected => _client?.IsConnected ?? false;

    public string? LastFailure => _client?.LastFailure.Message;

    private RedisClient Client => _client ?? throw new StoreUnavailableException("Redis is not connected yet.", maybeApplied: false);

    public async Task ConnectAsync(CancellationToken cancellationToken)
        => _client = await RedisClient.ConnectAsync(_options, time, logger, cancellationToken).ConfigureAwait(false);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisAnswer> EvaluateAsync(RedisScriptText script, string key, RedisWord[] arguments, CancellationToken cancellationToken)
    {
        var prepared = (RedisScript)(script.Prepared ??= new RedisScript(script.Text));
        var words = new RedisArgument[arguments.Length];
        for (var i = 0; i < words.Length; i++)
            words[i] = arguments[i].Bytes;
        try
        {
            return Answer(await Client.EvalAsync(prepared, [key], words, cancellationToken).ConfigureAwait(false));
        }
        catch (RedisException exception)
        {
            throw Unavailable(exception);
        }
    }

    public async ValueTask<RedisAnswer> ExecuteAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            return Answer(await Client.ExecuteAsync([.. command.Select(word => (RedisArgument)word)], cancellationToken).ConfigureAwait(false));
        }
        catch (RedisException exception)
        {
            throw Unavailable(exception);
        }
    }

    public async ValueTask<IAsyncDisposable> SubscribeAsync(string channel, Action<ReadOnlyMemory<byte>> handler, CancellationToken cancellationToken)
    {
        try
        {
            return await Client.SubscribeAsync(channel, handler, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisException exception)
        {
            throw Unavailable(exception);
        }
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static RedisConnectionOptions Options(string connectionString)
    {
        try
        {
            var options = RedisConnectionOptions.Parse(connectionString + ",abortConnect=false");
            options.MaxBackoff = LongestPause;
            return options;
        }
        catch (FormatException exception)
        {
            throw new StartRefusedException($"ConnectionStrings:redis (--redis) cannot be used: {exception.Message}", exception);
        }
    }

    private static StoreUnavailableException Unavailable(RedisException exception) => new(
        exception.Message,
        exception switch { RedisConnectionException broken => broken.MaybeApplied, RedisProtocolException => true, _ => false },
        exception);

    private static RedisAnswer Answer(in RedisReply reply) => reply.Value switch
    {
        null => default,
        long number => new(null, number, null),
        byte[] bytes => new(bytes, 0, null),
        RedisServerException error => throw Unavailable(error),
        _ => new(null, 0, Items(reply.Items)),
    };

    private static RedisAnswer[] Items(ReadOnlySpan<RedisReply> replies)
    {
        var items = new RedisAnswer[replies.Length];
        for (var i = 0; i < items.Length; i++)
            items[i] = Answer(replies[i]);
        return items;
    }
}
