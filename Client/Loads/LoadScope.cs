using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The factories that run in this flow of control, innermost first, by the hashes of their keys.</summary>
internal sealed class LoadScope
{
    /// <summary>Deeper than this a load can only be going in a circle.</summary>
    public const int Deepest = 64;

    private static readonly AsyncLocal<LoadScope?> Flow = new();
    private readonly ImmutableArray<ulong> _keys;
    private readonly LoadScope? _outer;
    private readonly int _depth;

    private LoadScope(ImmutableArray<ulong> keys, ImmutableArray<Flight> flights, LoadScope? outer)
    {
        (_keys, Flights, _outer) = (keys, flights, outer);
        _depth = (outer?._depth ?? 0) + 1;
        Chain = outer is null ? keys : outer.Chain.AddRange(keys);
    }

    public static LoadScope? Current => Flow.Value;

    /// <summary>The flights whose factory runs; none for one behind a stale value, or in a circle.</summary>
    public ImmutableArray<Flight> Flights { get; }

    public LoadScope? Outer => _outer;

    /// <summary>What the load says of its result.</summary>
    public LoadContext Context => field ?? Interlocked.CompareExchange(ref field, new(), null) ?? field;

    /// <summary>Hashes of the keys being loaded, outermost first; travels with every read.</summary>
    public ImmutableArray<ulong> Chain { get; }

    /// <summary>Enters the key's factory, until the calling asynchronous method returns.</summary>
    /// <exception cref="InvalidOperationException">The loads are nested too deep to be anything but a circle.</exception>
    public static void Enter(ulong key, Flight? flight) => Enter([key], flight is null ? [] : [flight], Flow.Value);

    /// <summary>Enters one factory for many keys, within the loads that asked for them.</summary>
    /// <inheritdoc cref="Enter(ulong, OrleansCache.Flight?)"/>
    public static void Enter(ImmutableArray<ulong> keys, ImmutableArray<Flight> flights, LoadScope? outer)
    {
        if (outer?._depth >= Deepest)
            throw new InvalidOperationException($"{Deepest} cache factories are nested, each waiting for the next; a factory asks, directly or not, for its own key. Break the circle.");
        Flow.Value = new(keys, flights, outer);
    }

    /// <summary>Nothing waits for what this flow of control does from here on.</summary>
    public static void Leave() => Flow.Value = null;

    public bool Contains(ulong key)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._keys.Contains(key))
                return true;
        }

        return false;
    }
}
