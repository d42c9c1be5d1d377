using System.Collections.Concurrent;
using OrleansCache.TestSupport;

namespace OrleansCache.Fakes;

/// <summary>Calls that are answered when as many are under way as may be, and how many there were.</summary>
internal sealed class HeldCalls
{
    private readonly ConcurrentQueue<TaskCompletionSource> _held = new();
    private int _now;
    private long _most;

    public async ValueTask<T> HoldAsync<T>(Func<T> answer)
    {
        Highest.Raise(ref _most, Interlocked.Increment(ref _now));
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _held.Enqueue(held);
        await held.Task;
        Interlocked.Decrement(ref _now);
        return answer();
    }

    /// <summary>Answers until the task is done.</summary>
    public async Task<long> MostUntilAsync(Task task)
    {
        await Eventually.TrueAsync(() =>
        {
            while (_held.TryDequeue(out var held))
                held.SetResult();
            return task.IsCompleted;
        });
        await task;
        return _most;
    }
}
