namespace OrleansCache.Engine;

/// <summary>What chaos does, for tests. Probabilities are from 0 to 1, per call.</summary>
[BuiltinOnly]
public sealed class ChaosOptions
{
    /// <summary>Where the sequence of decisions starts. Threads still race, so a seed repeats decisions and not outcomes.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>A message is held for up to <see cref="MaxDelay"/>.</summary>
    public double Delay { get; set; } = 0.1;

    /// <summary>The longest delay; 5 ms if not set.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>What is ready to run is taken out of order.</summary>
    public double Reorder { get; set; } = 0.5;

    /// <summary>The grain is deactivated after a call came in.</summary>
    public double Deactivate { get; set; }

    /// <summary>The call runs and its answer is lost: the caller gets a <see cref="SiloUnavailableException"/>.</summary>
    public double Drop { get; set; }
}

/// <summary>Everything that the programming model allows and a quiet machine does not show.</summary>
internal sealed class Chaos(ChaosOptions options, TimeProvider time)
{
    private readonly Random _random = new(options.Seed);

    public bool Drops => Happens(options.Drop);

    public bool Deactivates => Happens(options.Deactivate);

    /// <summary>Runs a delivery later, on another thread.</summary>
    public void Deliver(Action deliver) => _ = DeliverAsync(deliver);

    /// <summary>Takes an item, from anywhere in the queue.</summary>
    public object? Pick(Func<object?> pop, Action<object> put, int length)
    {
        for (var skip = length > 1 && Happens(options.Reorder) ? Next(length) : 0; skip > 0 && pop() is { } item; skip--)
            put(item);
        return pop();
    }

    private async Task DeliverAsync(Action deliver)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (Happens(options.Delay))
            await Task.Delay(options.MaxDelay * Next(1000) / 1000.0, time).ConfigureAwait(false);
        deliver();
    }

    private bool Happens(double probability)
    {
        if (probability <= 0)
            return false;
        lock (_random)
            return _random.NextDouble() < probability;
    }

    private int Next(int bound)
    {
        lock (_random)
            return _random.Next(bound);
    }
}
