using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>The flights of this process: many callers of one key make one grain call, and a failed one is not remembered.</summary>
/// <remarks>
/// A caller never gets an answer older than a change that was acknowledged before the caller came. Changes made here detach the key's
/// flights: who comes later starts anew. Changes made elsewhere are not seen here, so a reply of a <c>strict</c> region is for those
/// who came before it was asked for; those who joined later share one further call, which began after they came.
/// A token ends its caller's wait; a flight goes on for the others, and a factory that runs goes on in any case, for the cluster shares it.
/// </remarks>
internal sealed class FlightTable
{
    private const int Stripes = 64;
    private readonly Dictionary<string, Flight>[] _stripes = [.. Enumerable.Range(0, Stripes).Select(_ => new Dictionary<string, Flight>(StringComparer.Ordinal))];

    /// <summary>How many keys have flights.</summary>
    public int Count => _stripes.Sum(static stripe =>
    {
        lock (stripe)
            return stripe.Count;
    });

    /// <summary>How many callers wait for the key's flights.</summary>
    public int Waiting(string key)
    {
        var stripe = StripeOf(key);
        lock (stripe)
        {
            var waiting = 0;
            for (var flight = stripe.GetValueOrDefault(key); flight is not null; flight = flight.Next)
                waiting += flight.Waiting;
            return waiting;
        }
    }

    /// <summary>Joins the key's flight of this kind and type, or starts one.</summary>
    /// <param name="key">The key's grain name.</param>
    /// <param name="kind">What is shared.</param>
    /// <param name="state">For <paramref name="run"/>.</param>
    /// <param name="run">Makes the call; only the first caller's runs. Without a flight when it shall share nothing: it would wait for itself.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Landing<T>> FlyAsync<TState, T>(string key, FlightKind kind, TState state, Func<Flight?, TState, ValueTask<Landing<T>>> run, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var scope = kind is FlightKind.Load ? LoadScope.Current : null;
        if (scope?.Contains(RoutingHash.Of(key)) ?? false)
            return await run(null, state).ConfigureAwait(false);

        ReadStatus? earlier = null;
        while (true)
        {
            var flight = JoinOrStart<T>(key, kind, out var joined);
            if (scope is not null && !LoadGraph.TryWait(scope, flight))
            {
                flight.Leave();
                return await run(null, state).ConfigureAwait(false);
            }

            try
            {
                if (joined is null)
                {
                    var flown = FlownAsync(key, flight, state, run);
                    var own = ct.CanBeCanceled ? await flown.AsTask().WaitAsync(ct).ConfigureAwait(false) : await flown.ConfigureAwait(false);
                    return earlier is null ? own : AsJoined(own, earlier);
                }

                var landing = await joined.WaitAsync(ct).ConfigureAwait(false);
                if (landing.IsNowhere)
                    continue;
                if (!landing.FirstOnly || earlier is not null)
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
        var stripe = StripeOf(key);
        lock (stripe)
            stripe.Remove(key);
    }

    /// <summary>The same for all keys: a tag was raised.</summary>
    public void DetachAll()
    {
        foreach (var stripe in _stripes)
        {
            lock (stripe)
                stripe.Clear();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing<T>> FlownAsync<TState, T>(string key, Flight<T> flight, TState state, Func<Flight?, TState, ValueTask<Landing<T>>> run)
    {
        try
        {
            var landing = await run(flight, state).ConfigureAwait(false);
            Remove(key, flight);
            flight.Land(landing);
            return landing;
        }
        catch (Exception e)
        {
            Remove(key, flight);
            flight.Fail(e);
            throw;
        }
    }

    private Flight<T> JoinOrStart<T>(string key, FlightKind kind, out Task<Landing<T>>? joined)
    {
        var stripe = StripeOf(key);
        lock (stripe)
        {
            ref var head = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(stripe, key, out _);
            for (var flight = head; flight is not null; flight = flight.Next)
            {
                if (flight.Kind == kind && flight is Flight<T> found)
                {
                    joined = found.Join();
                    return found;
                }
            }

            joined = null;
            var started = new Flight<T>(kind) { Next = head };
            head = started;
            return started;
        }
    }

    private void Remove(string key, Flight flight)
    {
        var stripe = StripeOf(key);
        lock (stripe)
        {
            ref var head = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(stripe, key);
            if (Unsafe.IsNullRef(ref head))
                return;
            if (head == flight && flight.Next is null)
                stripe.Remove(key);
            else if (head == flight)
                head = flight.Next;
            else
                Unlink(head, flight);
        }
    }

    private static void Unlink(Flight? from, Flight flight)
    {
        for (; from is not null; from = from.Next)
        {
            if (from.Next == flight)
            {
                from.Next = flight.Next;
                return;
            }
        }
    }

    private Dictionary<string, Flight> StripeOf(string key) => _stripes[(key[^1] * 31 + key[key.Length / 2] * 7 + key.Length) & (Stripes - 1)];

    // A load is a load for all that waited for it, though the strict ones then found its result as a hit.
    private static Landing<T> AsJoined<T>(in Landing<T> landing, ReadStatus? earlier)
    {
        var status = landing.Reply.Status;
        var loaded = status is ReadStatus.Loaded || status is ReadStatus.Hit && earlier is ReadStatus.Loaded or ReadStatus.Joined;
        return landing with { Joined = true, Reply = loaded ? landing.Reply with { Status = ReadStatus.Joined } : landing.Reply };
    }
}
