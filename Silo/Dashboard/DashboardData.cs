namespace OrleansCache;

/// <summary>Gathers what the dashboard shows.</summary>
internal sealed class DashboardData(
    SiloStatistics statistics, Readiness readiness, IGrainFactory grains, IOriginCaller origins, TimeProvider clock, ILogger<DashboardData> logger)
{
    /// <summary>A page that is redrawn every second does not wait longer for a limiter that is elsewhere.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private const string NoAnswer = "no answer";
    private int _failing;

    public async Task<DashboardBody> ReadAsync(CancellationToken cancellationToken)
    {
        var state = readiness.Describe();
        var all = statistics.All;
        var (entries, bytes) = statistics.Memory();
        var totals = new DashboardTotals(
            all.Reads, all.Fresh, all.Stale, all.Loaded, all.Joined, all.Missed, all.Failed,
            all.OriginCalls, all.Saved, all.Refused,
            statistics.Latency.Quantile(0.5) * 1000, statistics.Latency.Quantile(0.99) * 1000, entries, bytes);
        return new(
            state.Engine, state.Silo, state.Pid, state.Store, state.Degraded, state.Status, (clock.GetUtcNow() - statistics.StartedAt).TotalSeconds,
            clock.GetUtcNow().UtcDateTime, totals, await IntegrationsAsync(state.Degraded, cancellationToken));
    }

    private async Task<IReadOnlyList<DashboardIntegration>> IntegrationsAsync(bool degraded, CancellationToken cancellationToken)
    {
        try
        {
            var names = await grains.GetGrain<ICatalogGrain>("names").NamesAsync(cancellationToken).AsTask().WaitAsync(Patience, clock, cancellationToken);
            var rows = await Task.WhenAll(names.Select(name => RowAsync(name, degraded, cancellationToken)));
            if (rows.All(row => row.Limiter != NoAnswer))
                _failing = 0;
            return rows;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failed(e);
            return [];
        }
    }

    private async Task<DashboardIntegration> RowAsync(string name, bool degraded, CancellationToken cancellationToken)
    {
        var counts = statistics.Of(name);
        // A limiter that nobody has used begins by reading its record: without a store it would only fail.
        var asked = degraded && counts.OriginCalls + counts.Refused == 0
            ? Task.FromResult<RateLimiterDescription?>(null)
            : LimiterAsync(name, cancellationToken);
        var described = grains.GetGrain<ICatalogGrain>(name).DescribeAsync(cancellationToken).AsTask();
        var limiter = await AnswerOrNull(asked, cancellationToken);
        var description = await AnswerOrNull(described, cancellationToken);
        var error = statistics.ErrorOf(name);
        return new(
            name, [.. description?.Methods.Select(method => method.Region) ?? []],
            limiter is null ? NoAnswer : limiter.Windows.Length == 0 ? "unlimited" : limiter.Windows,
            limiter?.ForegroundWaiting ?? 0, limiter?.BackgroundWaiting ?? 0, limiter?.PausedMilliseconds ?? 0,
            origins.DescribeBreaker(name) ?? "none",
            error is null ? null : error.Message is { Length: > 0 } message && message != error.Detail ? $"{error.Detail}: {message}" : error.Detail,
            error?.At.UtcDateTime, counts.Reads, counts.OriginCalls, counts.FailedCalls, counts.Saved, counts.Refused);
    }

    private async Task<T?> AnswerOrNull<T>(Task<T> asked, CancellationToken cancellationToken) where T : class?
    {
        try
        {
            return await asked.WaitAsync(Patience, clock, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Failed(e);
            return null;
        }
    }

    private async Task<RateLimiterDescription?> LimiterAsync(string name, CancellationToken cancellationToken) =>
        await grains.GetGrain<IRateLimiterGrain>(name).DescribeAsync(cancellationToken);

    /// <summary>Told once, though a page asks every second.</summary>
    private void Failed(Exception exception)
    {
        if (Interlocked.Exchange(ref _failing, 1) == 0)
            logger.IntegrationsNotAsked(exception);
    }
}
