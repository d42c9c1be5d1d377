using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>The flights of this process: many callers of one key make one grain call, and a failed one is not remembered.</summary>
/// <remarks>
/// A caller never gets an answer older than a change that was acknowledged before the caller came. Changes made here detach the key's
/// flights: who comes later starts anew. Changes made elsewhere are not seen here, so an answer is for those who came before its owner
/// decided it; those who joined later share one further call, which began after they came.
/// A token ends its caller's wait; a flight goes on for the others, and a factory that runs goes on in any case, for the cluster shares it.
/// </remarks>
/// <param name="clock">Tells who came when.</param>
internal sealed class FlightTable(TimeProvider clock)
{
    private const int Buckets = 4096;
    private readonly Bucket[] _buckets = [.. Enumerable.Range(0, Buckets).Select(static _ => new Bucket())];

    /// <summary>How many flights there are.</summary>
    public int Count => _buckets.Sum(static bucket => bucket.Sum(static _ => 1));

    /// <summary>How many callers wait for the key's flights.</summary>
    public int Waiting(string key) => BucketOf(HashOf(key)).Sum(flight => flight.Key == key ? flight.Waiting : 0);

    /// <summary>Joins the key's flight of this kind and type, or starts one.</summary>
    /// <param name="key">The key's grain name.</param>
    /// <param name="kind">What is shared.</param>
    /// <param name="state">For <paramref name="run"/>.</param>
    /// <param name="run">Makes the call; only the first caller's runs. Without a flight when it shall share nothing: it would wait for itself.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <param name="apart">Only callers who bring the same share a flight.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Landing<T>> FlyAsync<TState, T>(
        string key, FlightKind kind, TState state, Func<Flight?, TState, ValueTask<Landing<T>>> run, CancellationToken ct, string? apart = null)
    {
        ct.ThrowIfCancellationRequested();
        var scope = kind is FlightKind.Load or FlightKind.Version ? LoadScope.Current : null;
        if (scope?.Contains(RoutingHash.Of(key)) ?? false)
            return await EndedByAsync(run(null, state), ct).ConfigureAwait(false);

        ReadStatus? earlier = null;
        while (true)
        {
            var flight = JoinOrStart<T>(key, kind, apart, out var joined);
            if (scope is not null && !LoadGraph.TryWait(scope, flight))
            {
                flight.Leave();
                return await EndedByAsync(run(null, state), ct).ConfigureAwait(false);
            }

            try
            {
                if (joined is null)
                {
                    var own = await EndedByAsync(FlownAsync(flight, state, run), ct).ConfigureAwait(false);
                    return earlier is null ? own : AsJoined(own, earlier);
                }

                var came = clock.GetTimestamp();
                var landing = await joined.WaitAsync(ct).ConfigureAwait(false);
                if (landing.IsNowhere)
                    continue;
                if (came <= landing.Until || earlier is not null)
                    return AsJoined(landing, earlier);
                earlier = landing.Reply.Status;
            }
            finally
            {
                flight.Leave();
                if (scope is not null)
                    LoadGraph.EndWait(scope, flight);
            }
        }
    }

    /// <summary>A reply that says of a change, a load's, is one that this process has seen.</summary>
    public void Seen(string key, in ReadReply reply)
    {
        if (reply.Status is ReadStatus.Loaded or ReadStatus.Joined)
            Detach(key);
    }

    /// <summary>Nobody who comes after this joins a flight of the key that began before it.</summary>
    public void Detach(string key)
    {
        var bucket = BucketOf(HashOf(key));
        if (bucket.First is null)
            return;
        lock (bucket.Gate)
            bucket.RemoveAll(key);
    }

    /// <summary>The same for all keys: a tag was raised.</summary>
    public void DetachAll()
    {
        foreach (var bucket in _buckets)
        {
            lock (bucket.Gate)
                bucket.First = null;
        }
    }

    /// <summary>Starts a flight, unless one of its kind and type is there to join.</summary>
    public bool TryStart<T>(string key, Flight<T> flight)
    {
        var hash = HashOf(key);
        var bucket = BucketOf(hash);
        lock (bucket.Gate)
        {
            if (bucket.Find<T>(key, flight.Kind, flight.Apart) is not null)
                return false;
            bucket.Add(key, hash, flight);
            return true;
        }
    }

    /// <summary>A flight has landed: nobody joins it any more.</summary>
    public void Remove(Flight flight)
    {
        var bucket = BucketOf(flight.Hash);
        lock (bucket.Gate)
            bucket.Remove(flight);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing<T>> FlownAsync<TState, T>(Flight<T> flight, TState state, Func<Flight?, TState, ValueTask<Landing<T>>> run)
    {
        try
        {
            var landing = await run(flight, state).ConfigureAwait(false);
            Remove(flight);
            flight.Land(landing);
            return landing;
        }
        catch (Exception e)
        {
            Remove(flight);
            flight.Fail(e);
            throw;
        }
    }

    // The wait ends by the token, not what is waited for.
    private static ValueTask<T> EndedByAsync<T>(ValueTask<T> running, CancellationToken ct) => ct.CanBeCanceled ? new(running.AsTask().WaitAsync(ct)) : running;

    private Flight<T> JoinOrStart<T>(string key, FlightKind kind, string? apart, out Task<Landing<T>>? joined)
    {
        var hash = HashOf(key);
        var bucket = BucketOf(hash);
        lock (bucket.Gate)
        {
            if (bucket.Find<T>(key, kind, apart) is { } found)
            {
                joined = found.Join();
                return found;
            }

            joined = null;
            var started = new Flight<T>(kind) { Apart = apart };
            bucket.Add(key, hash, started);
            return started;
        }
    }

    private static int HashOf(string key) => key.GetHashCode(StringComparison.Ordinal);

    private Bucket BucketOf(int hash) => _buckets[hash & (Buckets - 1)];

    // A load is a load for all that waited for it, though those who came late then found its result as a hit.
    private static Landing<T> AsJoined<T>(in Landing<T> landing, ReadStatus? earlier)
    {
        var status = landing.Reply.Status;
        var loaded = status is ReadStatus.Loaded || status is ReadStatus.Hit && earlier is ReadStatus.Loaded or ReadStatus.Joined;
        return landing with { Joined = true, Reply = loaded ? landing.Reply with { Status = ReadStatus.Joined } : landing.Reply };
    }

    /// <summary>The flights of some keys, linked through <see cref="Flight.Next"/>, under its gate.</summary>
    private sealed class Bucket
    {
        public Lock Gate { get; } = new();

        public Flight? First { get; set; }

        public Flight<T>? Find<T>(string key, FlightKind kind, string? apart)
        {
            for (var flight = First; flight is not null; flight = flight.Next)
            {
                if (flight.Kind == kind && flight.Key == key && flight.Apart == apart && flight is Flight<T> found)
                    return found;
            }

            return null;
        }

        public void Add(string key, int hash, Flight flight) => (flight.Key, flight.Hash, flight.Next, First) = (key, hash, First, flight);

        public void Remove(Flight flight) => RemoveWhere(flight, null);

        public void RemoveAll(string key) => RemoveWhere(null, key);

        public int Sum(Func<Flight, int> count)
        {
            lock (Gate)
            {
                var sum = 0;
                for (var flight = First; flight is not null; flight = flight.Next)
                    sum += count(flight);
                return sum;
            }
        }

        private void RemoveWhere(Flight? one, string? key)
        {
            Flight? previous = null;
            for (var flight = First; flight is not null; flight = flight.Next)
            {
                if (flight != one && flight.Key != key)
                    previous = flight;
                else if (previous is null)
                    First = flight.Next;
                else
                    previous.Next = flight.Next;
            }
        }
    }
}
