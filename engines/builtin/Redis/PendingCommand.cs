using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace OrleansCache.Redis;

/// <summary>
/// A command that waits for its reply, awaited through a <see cref="ValueTask{TResult}"/> of whatever the reply is read as. Pooled:
/// it goes back when both its caller has the result and the connection has let go of it.
/// </summary>
internal sealed class PendingCommand : IValueTaskSource<RedisReply>, IValueTaskSource<byte[]?>, IValueTaskSource<long>, IValueTaskSource
{
    private const int MaxPooled = 1024;
    private static readonly ConcurrentQueue<PendingCommand> Pool = new();
    private static int _pooled;

    private ManualResetValueTaskSourceCore<RedisReply> _core;
    private CancellationTokenRegistration _cancellation;
    private int _completed;
    private int _holders;

    public bool IsCompleted => Volatile.Read(ref _completed) != 0;

    /// <summary>The connection's tick at which it was queued.</summary>
    public long QueuedAt { get; private set; }

    /// <summary>Where its last byte stands in the connection's outgoing stream.</summary>
    public long EndsAt { get; private set; }

    /// <summary>In RESP3 a subscription, or its end, is answered by a push.</summary>
    public bool AnsweredByPush { get; private set; }

    public static PendingCommand Rent()
    {
        if (Pool.TryDequeue(out var command))
            Interlocked.Decrement(ref _pooled);
        command ??= new PendingCommand();
        command._holders = 1;
        return command;
    }

    public static PendingCommand Failed(Exception exception)
    {
        var command = Rent();
        command.TryFail(exception);
        return command;
    }

    public void Queue(long tick, long endsAt, bool answeredByPush)
    {
        (QueuedAt, EndsAt, AnsweredByPush) = (tick, endsAt, answeredByPush);
        Hold();
    }

    public ValueTask<RedisReply> AsTask(CancellationToken token) => new(CancelWith(token), _core.Version);

    public ValueTask<byte[]?> AsBytes(CancellationToken token) => new(CancelWith(token), _core.Version);

    public ValueTask<long> AsInt64(CancellationToken token) => new(CancelWith(token), _core.Version);

    public ValueTask AsVoid(CancellationToken token) => new(CancelWith(token), _core.Version);

    /// <summary>Keeps it from the pool while it is completed by someone who is not its queue.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) != 0)
            return;
        _core.Reset();
        _completed = 0;
        if (Interlocked.Increment(ref _pooled) <= MaxPooled)
            Pool.Enqueue(this);
        else
            Interlocked.Decrement(ref _pooled);
    }

    public void TryComplete(in RedisReply reply)
    {
        if (reply.Kind == RedisReplyKind.Error)
            TryFail(new RedisServerException(reply.AsString()!));
        else if (Interlocked.Exchange(ref _completed, 1) == 0)
            _core.SetResult(reply);
    }

    public void TryFail(Exception exception)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
            _core.SetException(exception);
    }

    RedisReply IValueTaskSource<RedisReply>.GetResult(short token) => Take(token);

    byte[]? IValueTaskSource<byte[]?>.GetResult(short token) => Take(token).AsBytes();

    long IValueTaskSource<long>.GetResult(short token) => Take(token).AsInt64();

    void IValueTaskSource.GetResult(short token) => Take(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    // Its caller holds it until the result is taken, so it cannot come back as another command before the registration stands.
    private PendingCommand CancelWith(CancellationToken token)
    {
        if (token.CanBeCanceled && !IsCompleted)
            _cancellation = token.UnsafeRegister(static (self, token) => ((PendingCommand)self!).TryFail(new OperationCanceledException(token)), this);
        return this;
    }

    private RedisReply Take(short token)
    {
        if (token != _core.Version)
            throw new InvalidOperationException("A ValueTask of a Redis command was awaited twice.");
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _cancellation.Dispose();
            _cancellation = default;
            Release();
        }
    }
}
