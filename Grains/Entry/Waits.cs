namespace OrleansCache;

/// <summary>Waiting with an end.</summary>
internal static class Waits
{
    /// <summary>Waits for a task's end, not for its success.</summary>
    /// <returns>Whether it ended within <paramref name="limit"/>.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up; the task goes on.</exception>
    public static async ValueTask<bool> EndsAsync(Task task, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (task.IsCompleted)
            return true;
        if (limit > TimeSpan.Zero)
        {
            await task.WaitAsync(limit, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (!task.IsCompleted)
            cancellationToken.ThrowIfCancellationRequested();
        return task.IsCompleted;
    }
}

/// <summary>The time that one call may spend in the grain.</summary>
internal readonly struct Slice(TimeProvider time, TimeSpan limit)
{
    private readonly long _started = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_started);
    public TimeSpan Left => limit - Elapsed;

    /// <summary>How long after its begin a timestamp was, rounded down; negative for an earlier one.</summary>
    public int MillisecondsAt(long timestamp) => (int)Math.Clamp(Math.Floor(time.GetElapsedTime(_started, timestamp).TotalMilliseconds), int.MinValue, int.MaxValue);

    public bool IsOver => Left <= TimeSpan.Zero;

    public static Slice Of(TimeProvider time, int milliseconds) =>
        new(time, milliseconds >= EntryLimits.Slice.TotalMilliseconds ? EntryLimits.Slice : TimeSpan.FromMilliseconds(Math.Max(0, milliseconds)));

    public TimeSpan AtMost(TimeSpan other) => Left < other ? Left : other;

    /// <summary>Waits so long, or for the rest of the slice.</summary>
    public Task PauseAsync(TimeSpan length, TimeProvider time) => AtMost(length) is { Ticks: > 0 } pause ? Task.Delay(pause, time) : Task.CompletedTask;
}
