using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OrleansCache;

/// <summary>Adds integrations to a silo.</summary>
public static class IntegrationServiceCollectionExtensions
{
    /// <summary>Adds an integration whose calls a program makes itself. Limits, resilience and the methods' lifetimes may be configured, as for HTTP; code goes before configuration.</summary>
    /// <typeparam name="TIntegration">Made once, with services.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The integration's name: 1 to 64 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>.</param>
    /// <param name="configure">Sets what the configuration does not; methods must name their <see cref="MethodOptions.Parameters"/>.</param>
    public static IServiceCollection AddIntegration<TIntegration>(this IServiceCollection services, string name, Action<IntegrationOptions>? configure = null)
        where TIntegration : class, IIntegration
    {
        services.TryAddSingleton<TIntegration>();
        return services.AddIntegration(name, static provider => provider.GetRequiredService<TIntegration>(), configure);
    }

    /// <inheritdoc cref="AddIntegration{TIntegration}(IServiceCollection, string, Action{IntegrationOptions}?)"/>
    /// <param name="services">The services.</param>
    /// <param name="name">The integration's name.</param>
    /// <param name="make">Makes it, once.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    public static IServiceCollection AddIntegration(
        this IServiceCollection services, string name, Func<IServiceProvider, IIntegration> make, Action<IntegrationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(make);
        if (services.Any(service => service.ImplementationInstance is CodeIntegration other && other.Name == name))
            throw new ArgumentException($"The integration '{name}' is added twice; name one of them otherwise.", nameof(name));
        return services.AddSingleton(new CodeIntegration(name, make, configure));
    }

    /// <summary>Adds integrations by configuration, <c>OrleansCache:Integrations</c> and <c>OrleansCache:Resilience</c>, and those in code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="root">The section <c>OrleansCache</c>.</param>
    internal static IServiceCollection AddIntegrations(this IServiceCollection services, IConfigurationSection root)
    {
        services.AddCacheSettings(root);
        services.AddRateLimiter();
        services.TryAddSingleton<IntegrationMetrics>();
        services.TryAddSingleton<IntegrationParts>();
        services.TryAddSingleton<OriginCaller>();
        services.TryAddSingleton<IOriginCaller>(provider => provider.GetRequiredService<OriginCaller>());
        services.TryAddSingleton<IOriginWriter>(provider => provider.GetRequiredService<OriginCaller>());
        services.TryAddSingleton<IIntegrationMonitor>(provider => provider.GetRequiredService<OriginCaller>());
        return services;
    }
}
