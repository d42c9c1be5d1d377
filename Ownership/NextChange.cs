namespace OrleansCache;

/// <summary>For those who wait until something is otherwise than it was when they looked. Thread-safe.</summary>
internal sealed class NextChange
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends with the next change after this was asked for: so ask first, then look, then wait.</summary>
    public Task Task => Volatile.Read(ref _next).Task;

    /// <summary>Wakes all who wait, elsewhere than on the caller's thread.</summary>
    public void Happened() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
