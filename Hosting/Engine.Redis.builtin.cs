using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansCache.Redis;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: storage over our own Redis client.</summary>
internal sealed class RedisDatabase(string connectionString, TimeProvider time, ILogger<RedisDatabase> logger) : IRedisDatabase
{
    private readonly RedisConnectionOptions _options = RedisConnectionOptions.Parse(connectionString + ",abortConnect=false");
    private RedisClient? _client;

    public string Description => _options.ToString();

    public bool IsConnected => _client?.IsConnected ?? false;

    public string? LastFailure => _client?.LastFailure.Message;

    private RedisClient Client => _client ?? throw new StoreUnavailableException("Redis is not connected yet.", maybeApplied: false);

    public async Task ConnectAsync(CancellationToken cancellationToken)
        => _client = await RedisClient.ConnectAsync(_options, time, logger, cancellationToken).ConfigureAwait(false);

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

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static StoreUnavailableException Unavailable(RedisException exception) => new(
        exception.Message,
        exception switch { RedisConnectionException broken => broken.MaybeApplied, RedisProtocolException => true, _ => false },
        exception);

    private static RedisAnswer Answer(in RedisReply reply)
    {
        switch (reply.Kind)
        {
            case RedisReplyKind.Null:
                return default;
            case RedisReplyKind.Integer or RedisReplyKind.Boolean:
                return new(null, reply.AsInt64(), null);
            case RedisReplyKind.Double:
                return new(null, (long)reply.AsDouble(), null);
            case RedisReplyKind.Array or RedisReplyKind.Map or RedisReplyKind.Set:
                var items = new RedisAnswer[reply.Items.Length];
                for (var i = 0; i < items.Length; i++)
                    items[i] = Answer(reply.Items[i]);
                return new(null, 0, items);
            case RedisReplyKind.Error:
                throw new StoreUnavailableException(string.Create(CultureInfo.InvariantCulture, $"Redis answered: {reply.AsString()}"), maybeApplied: false);
            default:
                return new(reply.AsBytes(), 0, null);
        }
    }
}
