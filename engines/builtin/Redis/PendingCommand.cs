using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace OrleansCache.Redis;

/// <summary>
/// A command that waits for its reply, awaited through a <see cref="ValueTask{TResult}"/> of whatever the reply is read as. Pooled:
/// it goes back when its caller takes the reply. One that failed does not, since its connection may hold it still.
/// </summary>
internal sealed class PendingCommand : IValueTaskSource<RedisReply>, IValueTaskSource<byte[]?>, IValueTaskSource
{
    public static readonly ObjectPool<PendingCommand> Pool = new DefaultObjectPool<PendingCommand>(new DefaultPooledObjectPolicy<PendingCommand>(), 1024);
    private ManualResetValueTaskSourceCore<RedisReply> _core;
    private CancellationTokenRegistration _cancellation;
    private int _completed;

    /// <summary>The connection's tick at which it was queued.</summary>
    public long QueuedAt { get; set; }

    public ValueTask<RedisReply> AsReply(CancellationToken token) => new(CancelWith(token), _core.Version);

    public ValueTask<byte[]?> AsBytes(CancellationToken token) => new(CancelWith(token), _core.Version);

    public ValueTask AsVoid(CancellationToken token) => new(CancelWith(token), _core.Version);

    /// <summary>Who awaits it goes on inside this call; it may be another command afterwards.</summary>
    public void Complete(RedisReply reply)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
            _core.SetResult(reply);
    }

    /// <summary>Ends it, unless it has ended, with an exception.</summary>
    public PendingCommand Fail(Exception exception)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
            _core.SetException(exception);
        return this;
    }

    RedisReply IValueTaskSource<RedisReply>.GetResult(short token) => Take(token);

    byte[]? IValueTaskSource<byte[]?>.GetResult(short token) => Take(token).AsBytes();

    void IValueTaskSource.GetResult(short token) => Take(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private PendingCommand CancelWith(CancellationToken token)
    {
        _cancellation = token.UnsafeRegister(static (self, token) => ((PendingCommand)self!).Fail(new OperationCanceledException(token)), this);
        return this;
    }

    private RedisReply Take(short token)
    {
        _cancellation.Dispose();
        var reply = _core.GetResult(token);
        _core.Reset();
        _completed = 0;
        Pool.Return(this);
        return reply.Value is RedisServerException error ? throw error : reply;
    }
}
