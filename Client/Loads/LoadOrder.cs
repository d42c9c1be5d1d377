using System.Globalization;

namespace OrleansCache;

/// <summary>A get-or-create: what makes the value, and how it shall live.</summary>
internal class LoadOrder<TState, T>(CacheKey key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryOptions options)
{
    public CacheKey Key => key;
    public EntryOptions Options => options;

    /// <summary>What stands around the factory and judges its results; null for nothing.</summary>
    public CallPlan<T>? Plan { get; init; }

    /// <summary>What a <see cref="Strategy.Versioned"/> read goes by.</summary>
    public VersionWanted Wanted { get; set; }

    /// <summary>Who goes by something else may not share this load; what goes by a remembered version may end without one.</summary>
    public string? Apart => Wanted.Version is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Wanted.Seen} {(Wanted.IsRemembered ? 'r' : 'n')} {Wanted.Version}");

    /// <summary>Nobody's read.</summary>
    public bool IsUncounted { get; init; }

    /// <summary>True for callers whose cache may be away: the factory then runs for this process alone.</summary>
    public bool SurvivesOutage { get; init; }

    /// <summary>The many keys that this is one of; null when it stands alone.</summary>
    public virtual BatchSeat? Seat => null;

    /// <summary>Makes the value.</summary>
    /// <param name="ticket">The lease, or its terms without one; null for neither.</param>
    /// <param name="isBackground">Nobody waits for it.</param>
    /// <param name="ct">Ends the factory.</param>
    public virtual ValueTask<T> MakeAsync(LoadTicket? ticket, bool isBackground, CancellationToken ct) =>
        Plan is null ? factory(state, ct) : Plan.RunAsync(new(options.Limiter, ticket, isBackground), state, factory, ct);

    public virtual bool IsValid(T? value) => Plan is null || Plan.IsValid(value);
}
