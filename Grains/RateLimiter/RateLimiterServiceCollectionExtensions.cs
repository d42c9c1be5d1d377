using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OrleansCache;

internal static class RateLimiterServiceCollectionExtensions
{
    /// <summary>Adds what limiter grains need, except limits (<see cref="IRateLimits"/>), ownership and the grain storage named <c>oc</c>.</summary>
    public static IServiceCollection AddRateLimiter(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RateLimiterMetrics>();
        services.TryAddSingleton<PermitClient>();
        return services;
    }
}
