namespace OrleansCache;

/// <summary>What the configuration says of an interface's method, over its attributes.</summary>
internal sealed class DecoratedMethodOptions : ResilienceOptions
{
    public Strategy? Strategy { get; set; }
    public TimeSpan? FreshFor { get; set; }
    public TimeSpan? StaleFor { get; set; }
    public TimeSpan? AbsentFor { get; set; }
    public double? Jitter { get; set; }
    public string[]? Tags { get; set; }
    public string? Limiter { get; set; }
    public DecoratedVersionOptions? Version { get; set; }

    public CacheStrategy Over(CacheStrategy strategy) => strategy.With(new()
    {
        Strategy = Strategy,
        FreshFor = FreshFor,
        StaleFor = StaleFor,
        AbsentFor = AbsentFor,
        Jitter = Jitter,
        Tags = Tags ?? [],
        Limiter = Limiter,
        Timeout = Timeout,
        AttemptTimeout = AttemptTimeout,
        DefaultVersion = Version?.Default,
        OnVersionFailure = Version?.OnFailure,
        SessionVersions = Version?.SessionVersions,
    }) is var over && Retry is null ? over : over with { Retry = Over(over.Retry) };

    private CallRetryOptions? Over(CallRetryOptions? known)
    {
        if (Retry!.MaxRetryAttempts == 0)
            return null;
        known ??= new();
        return new()
        {
            MaxRetryAttempts = Retry.MaxRetryAttempts ?? known.MaxRetryAttempts,
            BackoffType = Retry.BackoffType ?? known.BackoffType,
            Delay = Retry.Delay ?? known.Delay,
            MaxDelay = Retry.MaxDelay ?? known.MaxDelay,
            UseJitter = Retry.UseJitter ?? known.UseJitter,
            ShouldHandle = known.ShouldHandle,
            DelayGenerator = known.DelayGenerator,
            Randomizer = known.Randomizer,
            Name = known.Name,
            OnRetry = known.OnRetry,
            OnAttempt = known.OnAttempt,
            OnAttempted = known.OnAttempted,
            Wrap = known.Wrap,
        };
    }
}

/// <summary>What it says of the version of a <see cref="Strategy.Versioned"/> call.</summary>
internal sealed class DecoratedVersionOptions
{
    public string? Default { get; set; }
    public OnVersionFailure? OnFailure { get; set; }
    public int? SessionVersions { get; set; }
}
