namespace OrleansCache.Redis;

/// <summary>
/// A command that waits for its reply, awaited through a <see cref="ValueTask{TResult}"/>. Pooled: it goes back when its caller
/// takes the reply. One that failed does not, since its connection may hold it still.
/// </summary>
internal sealed class PendingCommand : IValueTaskSource<RedisReply>
{
    public static readonly ObjectPool<PendingCommand> Pool = new DefaultObjectPool<PendingCommand>(new DefaultPooledObjectPolicy<PendingCommand>(), 1024);
    private ManualResetValueTaskSourceCore<RedisReply> _core;
    private CancellationTokenRegistration _cancellation;
    private int _completed;



    public ValueTask<RedisReply> ReplyAsync(CancellationToken token)
    {
        _cancellation = token.UnsafeRegister(static (self, token) => ((PendingCommand)self!).Fail(new OperationCanceledException(token)), this);
        return new(this, _core.Version);
    }

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

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    public RedisReply GetResult(short token)
    {
        _cancellation.Dispose();
        var reply = _core.GetResult(token);
        _core.Reset();
        _completed = 0;
        Pool.Return(this);
        return reply.Value is RedisServerException error ? throw error : reply;
    }
}
