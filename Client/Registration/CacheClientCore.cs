using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>The client over an <see cref="IGrainFactory"/> that somebody else registers: a client's, or the silo's own.</summary>
internal static class CacheClientCore
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds <see cref="IOrleansCache"/>, <see cref="HybridCache"/> and <see cref="IRawCache"/>. Safe to call twice.</summary>
        public IServiceCollection AddCacheClientCore()
        {
            services.AddMetrics();
            services.AddLogging();
            services.TryAddSingleton(TimeProvider.System);
            services.AddOptionsWithValidateOnStart<OrleansCacheClientOptions>().Configure<IConfiguration>(Bind);
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OrleansCacheClientOptions>, OrleansCacheClientOptionsValidator>());
            services.TryAddSingleton<OperationIds>();
            services.TryAddSingleton<OwnerCalls>();
            services.TryAddSingleton<FlightTable>();
            services.TryAddSingleton<Reader>();
            services.TryAddSingleton<Catalog>();
            services.TryAddSingleton<ValueCodecs>();
            services.TryAddSingleton<ClientMetrics>();
            services.TryAddSingleton<CallPlanParts>();
            services.TryAddSingleton<FirstPermits>();
            services.TryAddSingleton<ProcessEnd>();
            services.TryAddSingleton<VersionQuestions>();
            services.TryAddSingleton<Loader>();
            services.TryAddSingleton<OriginWrites>();
            services.TryAddSingleton<BatchedCalls>();
            services.TryAddSingleton<Watches>();
            services.TryAddSingleton<IRawCache, RawCache>();
            services.TryAddSingleton<IOriginWriter, RemoteOriginWriter>();      // a silo has its own
            services.TryAddSingleton<IIntegrationWrites, IntegrationWrites>();
            services.TryAddSingleton<OrleansCacheClient>();
            services.TryAddSingleton<IOrleansCache>(static provider => provider.GetRequiredService<OrleansCacheClient>());
            services.TryAddSingleton<HybridCache, OrleansHybridCache>();
            return services;
        }
    }

    /// <exception cref="OptionsValidationException">For what is misspelt or no value of its type, before the binder stops at the first of it.</exception>
    private static void Bind(OrleansCacheClientOptions options, IConfiguration configuration)
    {
        var section = configuration.GetSection(OrleansCacheClientOptions.SectionName);
        var errors = new ConfigurationErrors();
        StrictConfiguration.Check(section, typeof(OrleansCacheClientOptions), errors);
        if (errors.Any)
            throw new OptionsValidationException(OrleansCacheClientOptions.SectionName, typeof(OrleansCacheClientOptions), errors.All);
        section.Bind(options);
    }
}
