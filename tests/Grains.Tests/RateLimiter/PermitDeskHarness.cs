using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>One limiter whose desks come and go, with everything around them in the test's hand.</summary>
internal sealed class PermitDeskHarness : IDisposable
{
    public PermitDeskHarness() => ClusterClock = new(Clock);

    public ManualTimeProvider Clock { get; } = new();

    public FakeOwnership Ownership { get; } = new();

    public FakeClusterClock ClusterClock { get; }

    public LimiterStore Store { get; } = new();

    public TestMeters Meters { get; } = new();

    public GivenLimits Limits { get; } = new();

    public int Deactivations { get; private set; }

    public void Dispose() => Meters.Dispose();

    public static PermitRequest Ask(int wait = 0) => new() { Ticket = Guid.NewGuid(), WaitMilliseconds = wait };

    /// <summary>A new activation, over what the store has.</summary>
    public PermitDesk Desk()
    {
        var desk = new PermitDesk("partner", Store.Open(), Limits, Ownership, ClusterClock, Clock, new(Meters), NullLogger.Instance, () => Deactivations++);
        desk.Open();
        return desk;
    }

    internal sealed class GivenLimits : IRateLimits
    {
        public RateLimitPolicy? Policy { get; set; }

        public void Are(RateLimits limits) => Policy = new() { Limits = limits };

        public RateLimitPolicy? For(string limiter) => Policy;

        public bool Knows(string limiter) => true;
    }
}
