using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansCache;

namespace Microsoft.Extensions.DependencyInjection;      // where who writes a Program.cs looks for it

/// <summary>Puts the cache before the application's own classes.</summary>
public static class OrleansCacheIntegrationServiceCollectionExtensions
{
    extension(IServiceCollection services)
    {
        /// <summary>Who injects <typeparamref name="TApi"/> gets one whose <c>[Cached]</c> methods answer from the cache, with <typeparamref name="TImplementation"/> behind it.</summary>
        /// <typeparam name="TApi">An interface with <see cref="IntegrationAttribute"/>.</typeparam>
        /// <typeparam name="TImplementation">Registered as it is, or else as transient. Each load has an instance in a scope of its own; what is not cached goes to one of the caller's scope.</typeparam>
        /// <param name="name">The integration's name in keys, configuration and limits; the attribute's when null.</param>
        /// <param name="configure">Strategies, in code.</param>
        /// <exception cref="InvalidOperationException">The interface has no attribute, was built without the source generator, or is added already.</exception>
        /// <exception cref="OptionsValidationException">At start, for strategies that cannot hold; every error names its path, value and remedy.</exception>
        public IServiceCollection AddIntegration<TApi, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TImplementation>(
            string? name = null, Action<CachedIntegrationOptions>? configure = null)
            where TApi : class
            where TImplementation : class, TApi
        {
            var registration = DecoratedInterface.Find<TApi>();
            if (services.Any(static service => service.ServiceType == typeof(DecoratedName<TApi>)))
                throw new InvalidOperationException($"AddIntegration: the interface {typeof(TApi)} is added already; add it once.");
            var integration = name ?? registration.Name;
            ArgumentException.ThrowIfNullOrWhiteSpace(integration, nameof(name));

            services.AddSingleton(provider => new DecoratedName<TApi>(integration, typeof(TImplementation), provider.GetService<ClientConnection>() is not null));
            services.AddSingleton(new InterfaceIntegration(integration));
            services.TryAddTransient<TImplementation>();
            services.AddSingleton<DecoratedIntegration<TApi>>();
            services.AddTransient(static provider => provider.GetRequiredService<DecoratedIntegration<TApi>>().Make(provider));
            var options = services.AddOptionsWithValidateOnStart<CachedIntegrationOptions>(integration);
            if (configure is not null)
                options.Configure(configure);
            services.AddSingleton<IValidateOptions<CachedIntegrationOptions>>(provider => new CachedIntegrationOptionsValidator<TApi>(
                provider.GetRequiredService<DecoratedName<TApi>>(), registration.Methods, provider.GetRequiredService<IConfiguration>()));
            return services;
        }
    }
}
