using Microsoft.Extensions.Caching.Hybrid;
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
            services.AddOptionsWithValidateOnStart<OrleansCacheClientOptions>().BindConfiguration(OrleansCacheClientOptions.SectionName, static binder => binder.ErrorOnUnknownConfiguration = true);
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
}
