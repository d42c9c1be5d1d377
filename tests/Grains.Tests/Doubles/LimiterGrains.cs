using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Limiter grains without an engine: one desk each, one turn at a time.</summary>
internal sealed class LimiterGrains(Func<IRateLimits> limits, TimeProvider clock, RateLimiterMetrics metrics)
{
    private readonly ConcurrentDictionary<string, OneLimiter> _limiters = new();

    public LimiterStore Store { get; } = new();

    public OneLimiter Of(string name) => _limiters.GetOrAdd(name, _ =>
    {
        var desk = new PermitDesk(name, Store.Open(), limits(), new FakeOwnership(), new FakeClusterClock(clock), clock, metrics, NullLogger.Instance, () => { });
        desk.Open();
        return new(desk);
    });

    public IGrainFactory Factory() => GrainsByKey.Of<IGrainFactory>((_, name) => Of(name));

    internal sealed class OneLimiter(PermitDesk desk) : IRateLimiterGrain
    {
        private readonly Lock _turn = new();

        public ConcurrentQueue<(PermitRequest Asked, PermitReply Reply)> Seen { get; } = new();

        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        /// <summary>Runs between the grant and its way to the caller.</summary>
        public Action OnGranted { get; set; } = () => { };

        public RateLimiterDescription Describe() => desk.Describe();

        public async ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken = default)
        {
            ValueTask<PermitReply> asked;
            lock (_turn)
                asked = desk.AcquireAsync(request);
            var reply = await asked;
            Seen.Enqueue((request, reply));
            if (reply.Status == PermitStatus.Granted)
                OnGranted();
            return reply;
        }

        public ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken = default)
        {
            Pauses.Enqueue(duration);
            lock (_turn)
                return new(desk.Pause(duration));
        }

        public ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken = default) => new(desk.Describe());
    }
}
