using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansCache;

internal static class CacheSettingsServiceCollectionExtensions
{
    /// <summary>Adds the live settings of regions and integrations, checked before the host starts. Safe to call again.</summary>
    /// <param name="services">The services.</param>
    /// <param name="root">The section <c>OrleansCache</c>.</param>
    public static IServiceCollection AddCacheSettings(this IServiceCollection services, IConfigurationSection root)
    {
        if (services.Any(service => service.ServiceType == typeof(ConfiguredRoot)))
            return services;
        services.AddSingleton(new ConfiguredRoot(root));
        services.AddSingleton<IValidateOptions<CacheConfiguration>, CacheSettingsValidator>();
        services.AddOptions<CacheConfiguration>().ValidateOnStart();
        services.TryAddSingleton<LiveConfiguration>();
        services.TryAddSingleton<IRateLimits>(provider => provider.GetRequiredService<LiveConfiguration>());
        services.AddKnownSection(RegionReader.Section);
        services.AddKnownSection(IntegrationReader.Section);
        services.AddKnownSection(IntegrationReader.ResilienceSection);
        return services;
    }

    /// <summary>Adds the policies of regions, <c>OrleansCache:Regions</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="root">The section <c>OrleansCache</c>.</param>
    public static IServiceCollection AddRegions(this IServiceCollection services, IConfigurationSection root)
    {
        services.AddCacheSettings(root);
        services.TryAddSingleton<IRegionPolicies, RegionPolicies>();
        return services;
    }
}
