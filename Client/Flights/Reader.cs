using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>Reads that load nothing: many callers of one key make one grain call.</summary>
internal sealed class Reader(OwnerCalls calls, FlightTable flights)
{
    /// <summary>A read that loads nothing has no place to keep, and so no name.</summary>
    public static ReadRequest Request => LoadScope.Current is { } scope ? new() { LoadChain = scope.Chain } : default;

    /// <param name="key">What to read.</param>
    /// <param name="state">For <paramref name="answering"/>.</param>
    /// <param name="answering">Makes of the reply what this caller wants; run once, for this caller.</param>
    /// <param name="started">For <paramref name="answering"/>.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    public ValueTask<TResult> ReadAsync<TResult>(CacheKey key, object state, Answering<TResult> answering, long started, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return ValueTask.FromCanceled<TResult>(ct);
        var flight = ReadFlight<TResult>.Of(key, state, answering, started);
        if (flights.TryStart(key.GrainKey, flight))
            return flight.Start(calls, flights, ct);
        flight.Drop();
        return JoinedAsync(key, state, answering, started, ct);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> JoinedAsync<TResult>(CacheKey key, object state, Answering<TResult> answering, long started, CancellationToken ct)
    {
        var landing = await flights.FlyAsync<(Reader Self, CacheKey Key), Nothing>(
            key.GrainKey, FlightKind.Read, (this, key), static (flight, s) => s.Self.AskAsync(s.Key, flight), ct).ConfigureAwait(false);
        return answering(state, landing.Reply, key, started, isShared: true);
    }

    private async ValueTask<Landing<Nothing>> AskAsync(CacheKey key, Flight? flight)
    {
        var answer = await calls.ReadAsync(key, Request, new() { Flight = flight }).ConfigureAwait(false);
        return answer.GaveUp ? Landing<Nothing>.Nowhere : Landing<Nothing>.Of(answer, default);
    }
}
