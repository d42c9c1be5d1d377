using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>What tests of calls have in common: an origin over HTTP, and a clock that the test moves on.</summary>
public abstract class DrivenOrigin : IAsyncLifetime
{
    private protected static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private protected readonly ManualTimeProvider _clock = new();
    private protected TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _origin.DisposeAsync();
    }

    private protected OriginHarness Harness(Dictionary<string, string?> settings) => OriginHarness.Over(_origin, settings, _clock);
}
