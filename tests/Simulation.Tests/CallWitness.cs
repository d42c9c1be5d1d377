namespace OrleansCache.Simulation.Tests;

/// <summary>The origin, which counts its calls in sliding windows. Clocks agree within 1 %, and so do lengths.</summary>
internal sealed class CallWitness
{
    public static readonly RateLimits Limits = new(PerSecond: 3, PerMinute: 12);
    private static readonly (long Length, long Limit)[] Windows = [(990_000, 3), (59_400_000, 12)];

    private readonly Dictionary<int, List<long>> _calls = [];

    public int Count { get; private set; }

    /// <param name="breaks">
    /// How often the store had lost something, or its clock had been set, when the activation began whose permit it was: it does not count what a
    /// loss took, and a clock that was set ahead makes the past look older than it is.
    /// </param>
    /// <param name="now">When the call was made.</param>
    public void Add(int breaks, long now)
    {
        Count++;
        if (!_calls.TryGetValue(breaks, out var calls))
            _calls[breaks] = calls = [];
        calls.Add(now);
        foreach (var (length, limit) in Windows)
            if (calls.Count > limit && now - calls[(int)(calls.Count - 1 - limit)] < length)
                throw new BrokenPromiseException($"{limit + 1} calls in {(now - calls[(int)(calls.Count - 1 - limit)]) / 1000} ms");
    }
}
