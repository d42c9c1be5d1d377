namespace OrleansCache;

/// <summary>What <c>/dashboard/data</c> says: this silo's counts since its start, and each integration's state at <c>Now</c>, by the silo's clock.</summary>
internal sealed record DashboardBody(
    string Engine, string Silo, int Pid, string Store, bool Degraded, string Status, double UptimeSeconds, DateTime Now,
    DashboardTotals Totals, IReadOnlyList<DashboardIntegration> Integrations);

/// <summary>The tiles. Milliseconds over the last minute; null without a read in it.</summary>
internal sealed record DashboardTotals(
    long Reads, long Fresh, long Stale, long Loaded, long Joined, long Missed, long Failed,
    long OriginCalls, long Saved, long Refused, double? P50Milliseconds, double? P99Milliseconds, long Entries, long Bytes);

/// <summary>One integration's row.</summary>
internal sealed record DashboardIntegration(
    string Name, IReadOnlyList<string> Regions, string Limiter, int ForegroundWaiting, int BackgroundWaiting, long PausedMilliseconds,
    string Breaker, string? LastError, DateTime? LastErrorAt, long Reads, long OriginCalls, long FailedCalls, long Saved, long Refused);
