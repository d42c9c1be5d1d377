using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Integrations in code.</summary>
public sealed class CodeIntegrationTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task An_integration_in_code_runs_in_the_same_stages()
    {
        var calls = new List<IntegrationRequest>();
        await using var harness = OriginHarness.Make(
            new() { ["RateLimit:PerSecond"] = "10", ["Retry:MaxRetryAttempts"] = "2", ["Retry:Delay"] = "00:00:00", ["Methods:country:Parameters:0"] = "code", ["Methods:country:FreshFor"] = "00:00:30" },
            _clock,
            services => services.AddIntegration("partner", _ => new InCode(request =>
            {
                calls.Add(request);
                return calls.Count switch
                {
                    1 => throw new InvalidDataException("garbled"),
                    2 => IntegrationResponse.Failed("busy"),
                    _ => IntegrationResponse.Value("\"Nederland\""u8.ToArray(), "application/json") with { Tags = ["eu"] },
                };
            })));

        var result = await harness.CallAsync(eTag: "\"7\"");

        Assert.Equal((OriginResultKind.Value, "application/json", 3), (result.Kind, result.ContentType, harness.Grants));
        Assert.Equal(["eu"], result.Tags.ToArray());
        Assert.Equal(("partner", "country", "NL", "\"7\""), (calls[0].Integration, calls[0].Method, calls[0].Arguments["code"], calls[0].ETag));
        Assert.Equal(["origin-error", "origin-error"], harness.Caller.StatusOf("partner")!.RecentRetries.Select(retry => retry.Detail));
    }

    [Fact]
    public async Task Code_that_prepares_for_long_takes_a_new_permit_before_its_bytes_leave()
    {
        await using var harness = OriginHarness.Make(
            new() { ["RateLimit:PerSecond"] = "10", ["Methods:country:Parameters:0"] = "code" },
            _clock,
            services => services.AddIntegration("partner", _ => new InCode(async request =>
            {
                await request.EnsurePermitAsync();
                _clock.Advance(Permit.Life);
                await request.EnsurePermitAsync();
                return IntegrationResponse.Value(default);
            })));

        Assert.Equal(OriginResultKind.Value, (await harness.CallAsync()).Kind);
        Assert.Equal(2, harness.Grants);
    }

    private sealed class InCode(Func<IntegrationRequest, ValueTask<IntegrationResponse>> call) : IIntegration
    {
        public InCode(Func<IntegrationRequest, IntegrationResponse> call)
            : this(request => new ValueTask<IntegrationResponse>(call(request)))
        {
        }

        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken) => call(request);
    }
}
