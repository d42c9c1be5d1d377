namespace OrleansCache;

/// <summary>A get-or-create: what makes the value, and how it shall live.</summary>
internal sealed class LoadOrder<TState, T>(CacheKey key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryOptions options)
{
    public CacheKey Key => key;
    public EntryOptions Options => options;

    /// <summary>True for callers whose cache may be away: the factory then runs for this process alone.</summary>
    public bool SurvivesOutage { get; init; }

    public ValueTask<T> MakeAsync(CancellationToken ct) => factory(state, ct);
}
