using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Finds the version that a read goes by: its session's, or the one that the origin has now. Who asks for a key at the same time shares the question.</summary>
internal sealed class VersionQuestions(FlightTable flights, ProcessEnd end, ILogger<VersionQuestions> logger)
{
    /// <param name="key">What is read.</param>
    /// <param name="strategy">Has the version function.</param>
    /// <param name="plan">The strategy's.</param>
    /// <param name="ct">Ends this reader's wait.</param>
    /// <exception cref="Exception">What the function threw, where the strategy says so.</exception>
    public ValueTask<VersionOfRead> FindAsync<T>(CacheKey key, CacheStrategy strategy, CallPlan<T> plan, CancellationToken ct) =>
        CacheSession.Current is { } session && session.Find(key) is { } known
            ? new(new VersionOfRead(session, strategy.SessionVersions ?? CacheSession.DefaultVersions, known))
            : AskAsync(key, strategy, plan, remembered: null, ct);

    /// <summary>Asks the origin, also in a session.</summary>
    /// <param name="key">What is read.</param>
    /// <param name="strategy">Has the version function.</param>
    /// <param name="plan">The strategy's.</param>
    /// <param name="remembered">What the session goes by, of which no load may be; null to go by what the session's first read was told.</param>
    /// <param name="ct">Ends this reader's wait.</param>
    /// <exception cref="Exception">What the function threw, where the strategy says so.</exception>
    public async ValueTask<VersionOfRead> AskAsync<T>(CacheKey key, CacheStrategy strategy, CallPlan<T> plan, VersionWanted? remembered, CancellationToken ct)
    {
        var (session, most) = (CacheSession.Current, strategy.SessionVersions ?? CacheSession.DefaultVersions);
        var landing = await flights.FlyAsync<(VersionQuestions Self, CacheKey Key, CacheStrategy Strategy, CallPlan<T> Plan), VersionAnswer>(
            key.GrainKey, FlightKind.Version, (this, key, strategy, plan), static (flight, s) => s.Self.RunAsync(flight, s.Key, s.Strategy, s.Plan), ct).ConfigureAwait(false);
        var answer = landing.Value!;
        switch (answer.Failure, strategy.OnVersionFailure)
        {
            case (null, _):
                return new(session, most, remembered is { } known ? new(answer.Version, known.Seen) : session?.Keep(key, answer.Version, most) ?? new(answer.Version));
            case (var failure, OnVersionFailure.Serve):
                return new(null, most, default, failure.SourceException);
            case (var failure, OnVersionFailure.Recompute):
                return new(null, most, new(answer.Version), failure.SourceException);
            case (var failure, _):
                failure.Throw();
                throw failure.SourceException;
        }
    }

    // Never throws: all who share the question have its failure, and each does with it what its strategy says.
    private async ValueTask<Landing<VersionAnswer>> RunAsync<T>(Flight? flight, CacheKey key, CacheStrategy strategy, CallPlan<T> plan)
    {
        LoadScope.Enter(RoutingHash.Of(key.GrainKey), flight);
        VersionAnswer answer;
        try
        {
            var text = await plan.AskAsync(strategy.Version!, strategy.CallOf(key), end.Token).ConfigureAwait(false);
            answer = new(OriginVersion.Of(text, strategy.DefaultVersion), null);
        }
#pragma warning disable CA1031 // whatever it is, the strategy says what follows
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.VersionUnknown(e, RoutingHash.Of(key.GrainKey), key.Region);
            answer = new(OriginVersion.Unknown(), ExceptionDispatchInfo.Capture(e));
        }

        return new(default, answer);
    }

    private sealed record VersionAnswer(string Version, ExceptionDispatchInfo? Failure);
}

/// <summary>What one read goes by.</summary>
/// <param name="Session">Remembers it; null outside of one, and when the version is not known.</param>
/// <param name="Most">How many it remembers.</param>
/// <param name="Wanted">The version.</param>
/// <param name="Failure">Why it is not known; null when it is.</param>
internal readonly record struct VersionOfRead(CacheSession? Session, int Most, VersionWanted Wanted, Exception? Failure = null)
{
    /// <summary>What the answer is to the reader: a value that nobody can vouch for is stale; what was good is the oldest that the session may have.</summary>
    public Landing<T> Judge<T>(CacheKey key, in Landing<T> landing)
    {
        if (Failure is not null && landing.Reply.Status is ReadStatus.Hit)
            return landing with { Reply = landing.Reply with { Status = ReadStatus.Stale, Problem = FactoryProblem.Of(Failure) } };
        if (landing.Reply is { Status: ReadStatus.Hit or ReadStatus.Loaded or ReadStatus.Joined, Value: { LastRetrieved: > 0 and var retrieved } })
            Session?.Saw(key, retrieved, Most, Wanted);
        return landing;
    }
}
