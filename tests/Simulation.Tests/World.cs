namespace OrleansCache.Simulation.Tests;

/// <summary>True time, in microseconds, and what is to happen in it. One seed, one history.</summary>
internal sealed class World(int seed)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    public Dice Dice { get; } = new(seed);

    /// <summary>For what was added later: it leaves the histories of all seeds as they were.</summary>
    public Dice LimiterDice { get; } = new(~seed);

    public Random Random => Dice.Random;

    public long Now { get; private set; }

    /// <summary>What happened, for who replays a seed; null when nobody reads it.</summary>
    public List<string>? Trace { get; init; }

    public void In(long micros, Action what) => _events.Enqueue(what, (Now + Math.Max(0, micros), _order++));

    public void RunUntil(long end)
    {
        while (_events.TryPeek(out var what, out var when) && when.At <= end)
        {
            _events.Dequeue();
            Now = when.At;
            what();
        }
        Now = end;
    }

    public bool Chance(double probability) => Dice.Chance(probability);

    /// <inheritdoc cref="Dice.Between"/>
    public long Between(double least, double most) => Dice.Between(least, most);

    public void Tell(string what) => Trace?.Add($"{Now / 1e6:0.000000} {what}");
}

/// <summary>Chance, by a seed.</summary>
internal sealed class Dice(int seed)
{
    public Random Random { get; } = new(seed);

    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>In microseconds, from milliseconds.</summary>
    public long Between(double least, double most) => (long)((least + (Random.NextDouble() * (most - least))) * 1000);

    public Guid Id()
    {
        Span<byte> id = stackalloc byte[16];
        Random.NextBytes(id);
        return new(id);
    }
}

/// <summary>A promise was broken.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise);
