namespace OrleansCache;

/// <summary>What the values of resilience settings must be.</summary>
internal static class ResilienceRules
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Polly's own bounds of a timeout.</summary>
    public static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc cref="LeastTimeout"/>
    public static readonly TimeSpan MostTimeout = Day;

    private static readonly TimeSpan LeastBreak = TimeSpan.FromMilliseconds(500);

    public static void Check(string path, ResilienceOptions options, ConfigurationErrors errors)
    {
        Between($"{path}:{nameof(options.Timeout)}", options.Timeout, LeastTimeout, Day, errors);
        Between($"{path}:{nameof(options.AttemptTimeout)}", options.AttemptTimeout, LeastTimeout, Day, errors);
        if (options.Retry is { } retry)
        {
            var at = $"{path}:{nameof(options.Retry)}";
            if (retry.MaxRetryAttempts is < 0 or > 100)
                errors.Add($"{at}:{nameof(retry.MaxRetryAttempts)}", retry.MaxRetryAttempts, "set 0 (none) to 100");
            Between($"{at}:{nameof(retry.Delay)}", retry.Delay, TimeSpan.Zero, Day, errors);
            Between($"{at}:{nameof(retry.MaxDelay)}", retry.MaxDelay, TimeSpan.Zero, Day, errors);
        }

        if (options.CircuitBreaker is { } breaker)
        {
            var at = $"{path}:{nameof(options.CircuitBreaker)}";
            if (breaker.FailureRatio is not (null or (> 0 and <= 1)))
                errors.Add($"{at}:{nameof(breaker.FailureRatio)}", breaker.FailureRatio, "set a share over 0, to 1; to go without a breaker set Enabled to false");
            if (breaker.MinimumThroughput < 2)
                errors.Add($"{at}:{nameof(breaker.MinimumThroughput)}", breaker.MinimumThroughput, "set 2 or more");
            Between($"{at}:{nameof(breaker.SamplingDuration)}", breaker.SamplingDuration, LeastBreak, Day, errors);
            Between($"{at}:{nameof(breaker.BreakDuration)}", breaker.BreakDuration, LeastBreak, Day, errors);
        }
    }

    public static void Between(string path, TimeSpan? value, TimeSpan least, TimeSpan most, ConfigurationErrors errors)
    {
        if (value < least || value > most)
            errors.Add(path, value, $"set {least:c} to {most:c}");
    }
}
