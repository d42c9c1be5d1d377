using System.Runtime.CompilerServices;

namespace OrleansCache.TestSupport;

/// <summary>The one place where a test waits in real time: for a condition, up to a generous deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Default deadline: generous, since a loaded machine is no fault of the code under test.</summary>
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(20);

    /// <exception cref="TimeoutException">The condition did not hold within <paramref name="deadline"/>.</exception>
    public static Task TrueAsync(
        Func<bool> condition,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        return TrueAsync(() => Task.FromResult(condition()), deadline, cancellationToken, what);
    }

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, CancellationToken, string)"/>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var limit = deadline ?? Deadline;
        while (!await condition())
        {
            if (clock.GetElapsedTime(started) > limit)
                throw new TimeoutException($"Not true within {limit.TotalSeconds:0.#} s: {what}");
            await Task.Delay(Pause, clock, cancellationToken);
        }
    }
}
