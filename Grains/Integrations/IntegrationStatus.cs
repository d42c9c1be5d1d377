using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>How an integration fares, as this silo saw it.</summary>
internal sealed record IntegrationStatus
{
    public required string Integration { get; init; }

    /// <summary>For people; null without a breaker.</summary>
    public string? Breaker { get; init; }

    /// <summary>Attempts that left for the origin.</summary>
    public long Calls { get; init; }
    public long Failures { get; init; }
    public long Retries { get; init; }

    /// <summary>Token and text of the last failure; null when there was none.</summary>
    public string? LastError { get; init; }
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>The last retries, oldest first.</summary>
    public ImmutableArray<RetrySeen> RecentRetries { get; init; } = [];
}

/// <summary>A retry: when it was decided, after which failure, and how long it then waited.</summary>
internal readonly record struct RetrySeen(DateTimeOffset At, string Method, int Attempt, string Detail, TimeSpan Delay);

/// <summary>How all integrations fare, for the dashboard.</summary>
internal interface IIntegrationMonitor
{
    /// <summary>One of each configured integration, by name.</summary>
    ImmutableArray<IntegrationStatus> Statuses();

    /// <summary>Null when there is none of that name.</summary>
    IntegrationStatus? StatusOf(string integration);
}
