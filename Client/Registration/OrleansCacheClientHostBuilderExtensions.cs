using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansCache;

namespace Microsoft.Extensions.Hosting;      // where who writes a Program.cs looks for it

/// <summary>The front door of a process that uses a cache cluster elsewhere.</summary>
public static class OrleansCacheClientHostBuilderExtensions
{
    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds <see cref="IOrleansCache"/> and <c>HybridCache</c>, served by the cluster that a connection string names.</summary>
        /// <param name="connectionName">Names the connection string <c>ConnectionStrings:{name}</c>: <c>host:port[,host:port]</c> of the silos'
        /// client ports, or <c>redis=HOST:PORT[,options]</c> of the Redis that knows them.</param>
        /// <param name="configure">Changes what the section <c>OrleansCache:Client</c> says.</param>
        /// <remarks>A second call with the same name adds its <paramref name="configure"/>; nothing is contacted before the host starts.</remarks>
        /// <exception cref="InvalidOperationException">The process already is a client by another name, or a silo: it has one cache.</exception>
        /// <exception cref="OptionsValidationException">At start, for options that cannot hold; every error names its path, value and remedy.</exception>
        public IHostApplicationBuilder AddOrleansCacheClient(string connectionName, Action<OrleansCacheClientOptions>? configure = null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(connectionName);
            var services = builder.Services;
            if (services.FirstOrDefault(static s => s.ServiceType == typeof(ClientConnection))?.ImplementationInstance is not ClientConnection known)
            {
                if (services.Any(static s => s.ServiceType == typeof(IGrainFactory)))
                    throw new InvalidOperationException($"AddOrleansCacheClient(\"{connectionName}\"): this process is a silo, and has its cache already; leave the call out.");
                var first = new OrleansCacheClientOptions();
                configure?.Invoke(first);
                var connection = new ClientConnection(connectionName, ClusterAddress.NamesRedis(
                    first.Endpoints ?? builder.Configuration[$"{OrleansCacheClientOptions.SectionName}:Endpoints"] ?? builder.Configuration.GetConnectionString(connectionName)));
                services.AddSingleton(connection);
                services.AddCacheClientCore();
                services.AddOptions<OrleansCacheClientOptions>().Configure<IConfiguration>((options, configuration) =>
                {
                    options.Endpoints ??= configuration.GetConnectionString(connectionName);
                    options.ClusterId ??= configuration["OrleansCache:ClusterId"];
                });
                services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OrleansCacheClientOptions>, ClientConnectionValidator>());
                EngineClient.Add(builder, connection);
                services.AddHostedService<WarmUpLoad>();
            }
            else if (known.Name != connectionName)
            {
                throw new InvalidOperationException($"AddOrleansCacheClient(\"{connectionName}\"): this process is a client of '{known.Name}' already, and has one cache; use one name.");
            }

            if (configure is not null)
                services.Configure(configure);
            return builder;
        }

        /// <summary>The same with the connection string named <c>cache</c>, or none when <paramref name="configure"/> sets <see cref="OrleansCacheClientOptions.Endpoints"/>.</summary>
        public IHostApplicationBuilder AddOrleansCacheClient(Action<OrleansCacheClientOptions> configure)
        {
            ArgumentNullException.ThrowIfNull(configure);
            return builder.AddOrleansCacheClient("cache", configure);
        }
    }
}
