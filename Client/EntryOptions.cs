namespace OrleansCache;

/// <summary>How long a value lives and what invalidates it. What is null follows the region's configuration.</summary>
public record EntryOptions
{
    /// <summary>What happens past <see cref="FreshFor"/>: <see cref="Strategy.Ttl"/> or <see cref="Strategy.Background"/>; the region's own when null.</summary>
    public Strategy? Strategy { get; init; }

    /// <summary>Fresh this long; over zero. <see cref="Timeout.InfiniteTimeSpan"/> never ends.</summary>
    public TimeSpan? FreshFor { get; init; }

    /// <summary>Served this long past fresh while a refresh runs or the origin is down; zero or more.</summary>
    public TimeSpan? StaleFor { get; init; }

    /// <summary>0 to 1: fresh time is shortened by a random share up to this, so that entries do not expire together.</summary>
    public double? Jitter { get; init; }

    /// <summary>A null from the factory is remembered as absence this long; zero does not remember it.</summary>
    public TimeSpan? AbsentFor { get; init; }

    /// <summary>Each read moves the end of fresh time this far ahead.</summary>
    public TimeSpan? Sliding { get; init; }

    /// <summary>Raising one of these invalidates the value.</summary>
    public IReadOnlyCollection<string> Tags { get; init; } = [];

    /// <summary>The integration whose permit a load takes before the factory runs; null for none.</summary>
    public string? Limiter { get; init; }
}
