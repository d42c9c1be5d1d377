using System.Collections.Concurrent;

namespace OrleansCache.Fakes;

/// <summary>Limiters that grant what they are told to, and remember who asked.</summary>
internal sealed class FakeLimiter
{
    public ConcurrentQueue<(string Name, PermitRequest Request)> Asked { get; } = [];

    public Func<PermitReply> Answer { get; set; } = static () => new() { Status = PermitStatus.Granted };

    public RateLimiterDescription Description { get; set; } = new();

    /// <summary>Thrown instead of the description.</summary>
    public Exception? Fault { get; set; }

    public IRateLimiterGrain Of(string name) => new Grain(this, name ?? throw new ArgumentNullException(nameof(name)));

    private sealed class Grain(FakeLimiter limiter, string name) : IRateLimiterGrain
    {
        public ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken = default)
        {
            limiter.Asked.Enqueue((name, request));
            return new(limiter.Answer());
        }

        public ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken = default) => new(true);

        public ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken = default) =>
            limiter.Fault is { } fault ? throw fault : new(limiter.Description);
    }
}
