using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace OrleansCache;

/// <summary>
/// One call's wait for the end of a change, up to a limit or its token. Pooled with its timer; awaited once, in the grain's turns.
/// A timer that fires late may end the next wait too early: that caller asks again, and finds its change by its operation.
/// </summary>
internal sealed class AckWait : IValueTaskSource<ChangeAck?>
{
    private readonly ObjectPool<AckWait> _pool;
    private readonly ITimer _timer;
    private ManualResetValueTaskSourceCore<ChangeAck?> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private EntryTasks _tasks = null!;
    private int _ended;

    private AckWait(ObjectPool<AckWait> pool, TimeProvider time)
    {
        _pool = pool;
        _timer = time.CreateTimer(static wait => ((AckWait)wait!).End(null), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public static ObjectPool<AckWait> Pool(TimeProvider time)
    {
        var policy = new Policy(time);
        return policy.Pool = new DefaultObjectPool<AckWait>(policy, 256);
    }

    public long Version { get; private set; }

    /// <summary>The next of the entry's waits.</summary>
    public AckWait? Next { get; set; }

    /// <summary>Waits from now on for the change with this version.</summary>
    public AckWait Begin(EntryTasks tasks, long version)
    {
        (_tasks, Version) = (tasks, version);
        tasks.Add(this);
        return this;
    }

    /// <summary>How the change ended; null when it had not at the limit.</summary>
    public ValueTask<ChangeAck?> EndAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (_ended == 0 && limit <= TimeSpan.Zero)
        {
            End(null);
        }
        else if (_ended == 0)
        {
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
            _cancellation = cancellationToken.UnsafeRegister(static (wait, token) => ((AckWait)wait!).Cancel(token), this);
        }

        return new(this, _core.Version);
    }

    /// <summary>The change ended so; null for the end of this wait alone.</summary>
    public void End(ChangeAck? ack)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _core.SetResult(ack);
    }

    ChangeAck? IValueTaskSource<ChangeAck?>.GetResult(short token)
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _cancellation.Dispose();
        _tasks.Remove(this);
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            (_tasks, Next, _cancellation) = (null!, null, default);
            _core.Reset();
            Volatile.Write(ref _ended, 0);
            _pool.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ChangeAck?>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<ChangeAck?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _core.SetException(new OperationCanceledException(token));
    }

    private sealed class Policy(TimeProvider time) : PooledObjectPolicy<AckWait>
    {
        public ObjectPool<AckWait> Pool { get; set; } = null!;

        public override AckWait Create() => new(Pool, time);

        public override bool Return(AckWait obj) => true;
    }
}
