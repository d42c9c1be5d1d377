using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansCache;

namespace Microsoft.Extensions.Hosting;      // where who writes a Program.cs looks for it

/// <summary>The front door of a process that owns keys.</summary>
public static class CacheSiloHostBuilderExtensions
{
    extension(IHostApplicationBuilder builder)
    {
        /// <summary>
        /// Makes this process a silo: it owns keys, answers clients over TCP, and has <see cref="IOrleansCache"/> and <c>HybridCache</c> for itself.
        /// Bound to the section <c>OrleansCache</c>; code wins over configuration. Safe to call twice.
        /// </summary>
        /// <param name="connectionName">Names the connection string of Redis, in StackExchange.Redis' form. Without one, values live in files
        /// under <see cref="CacheSiloOptions.Data"/>, and without that in memory only.</param>
        /// <param name="configure">Changes what the configuration says.</param>
        /// <exception cref="OptionsValidationException">At once or at start, for options that cannot hold; every error names its path, value and remedy.</exception>
        public IHostApplicationBuilder AddOrleansCacheSilo(string connectionName = "redis", Action<CacheSiloOptions>? configure = null)
        {
            var services = builder.Services;
            if (services.Any(service => service.ServiceType == typeof(CacheSiloOptions)))
                return builder;

            var section = builder.Configuration.GetSection(CacheSiloOptions.SectionName);
            var options = section.Get<CacheSiloOptions>() ?? new();
            configure?.Invoke(options);
            if (new CacheSiloOptionsValidator().Validate(null, options) is { Failed: true } invalid)
                throw new OptionsValidationException(CacheSiloOptions.SectionName, typeof(CacheSiloOptions), invalid.Failures);
            services.AddSingleton(options);
            services.TryAddSingleton(TimeProvider.System);
            services.AddMetrics();

            services.AddStrictConfiguration(section);
            services.AddKnownSection<CacheSiloOptions>("");
            services.AddKnownSection<EntryMemoryOptions>("Memory");
            services.AddKnownSection<StorageOptions>("Storage");
            services.AddKnownSection<OrleansCacheClientOptions>("Client");
            var redis = builder.Configuration.GetConnectionString(connectionName);
            if (redis is { Length: > 0 })
                services.AddRedisStorage(options.SiloName, redis, options.ClusterId).AddHostedService<MachineName>();
            else if (options.Data is { } folder)
                services.AddFileStorage(options.SiloName, folder);      // opens before the engine listens
            else
                services.AddMemoryStorage(options.SiloName).AddHostedService(provider => ActivatorUtilities.CreateInstance<MemoryOnly>(provider, connectionName));
            services.AddRegions(section);
            services.AddRateLimiter();
            services.AddIntegrations(section);
            services.AddEntryGrains().Configure<EntryMemoryOptions>(static memory => memory.Overhead = EngineHosting.EntryOverhead);
            EngineHosting.AddSilo(builder, options, redis);
            services.AddCacheClientCore();
            return builder;
        }
    }
}
