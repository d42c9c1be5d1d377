using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Who waits for whom among this process's loads, so that two factories never wait for each other.</summary>
internal static class LoadGraph
{
    private static readonly Lock Sync = new();

    /// <summary>Notes that the flow's factory waits for the flight; false, and nothing noted, when that flight waits for the flow.</summary>
    public static bool TryWait(LoadScope scope, Flight target)
    {
        lock (Sync)
        {
            if (WaitsForAny(target, scope))
                return false;
            foreach (var waiting in Waiting(scope))
                (waiting.WaitsFor ??= []).Add(target);
            return true;
        }
    }

    public static void EndWait(LoadScope scope, Flight target)
    {
        lock (Sync)
        {
            foreach (var waiting in Waiting(scope))
                waiting.WaitsFor?.Remove(target);
        }
    }

    // What a factory without a flight waits for, in a circle, those wait for that it runs within.
    private static ImmutableArray<Flight> Waiting(LoadScope scope)
    {
        while (scope is { Flights.IsEmpty: true, Outer: { } outer })
            scope = outer;
        return scope.Flights;
    }

    private static bool WaitsForAny(Flight flight, LoadScope scope)
    {
        for (var s = scope; s is not null; s = s.Outer)
        {
            if (s.Flights.Contains(flight))
                return true;
        }

        return flight.WaitsFor?.Exists(next => WaitsForAny(next, scope)) ?? false;
    }
}
