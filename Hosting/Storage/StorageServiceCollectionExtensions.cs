using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Where a silo keeps its entries, and what proves its right to them: one of these, once.</summary>
internal static class StorageServiceCollectionExtensions
{
    /// <summary>The name under which grains ask for their state's store.</summary>
    public const string GrainStorageName = "oc";

    extension(IServiceCollection services)
    {
        /// <summary>Nothing outlives the process. Grain state is the engine's own memory store's.</summary>
        public IServiceCollection AddMemoryStorage(string siloName)
        {
            services.AddStorageBasics();
            services.AddLocalOwnership(siloName, folder: null);
            services.TryAddSingleton<IEntryStore, MemoryEntryStore>();
            services.TryAddSingleton<ITagStore, MemoryTagStore>();
            services.AddTagLog();
            return services;
        }

        /// <summary>Everything is in files of this folder, which this process holds alone. Options: section <c>OrleansCache:Storage</c>.</summary>
        public IServiceCollection AddFileStorage(string siloName, string folder)
        {
            services.AddStorageBasics();
            services.AddOptionsWithValidateOnStart<StorageOptions, StorageOptionsValidator>().BindConfiguration(StorageOptions.SectionName);
            services.AddLocalOwnership(siloName, folder);
            services.TryAddSingleton(provider => ActivatorUtilities.CreateInstance<FileStorage>(provider, folder));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, FileStorage>(provider => provider.GetRequiredService<FileStorage>()));
            services.TryAddSingleton<IEntryStore, FileEntryStore>();
            services.TryAddSingleton<ITagStore, FileTagStore>();
            services.TryAddSingleton<IStateStore, FileStateStore>();
            services.TryAddKeyedSingleton<IGrainStorage>(GrainStorageName, (provider, _) => new JsonGrainStorage(provider.GetRequiredService<IStateStore>()));
            services.AddTagLog();
            return services;
        }

        /// <summary>Everything is in Redis, and the right to serve is a lease there.</summary>
        /// <param name="siloName">Where clients and the other silos reach this one.</param>
        /// <param name="connectionString">In StackExchange.Redis' form.</param>
        /// <param name="clusterId">Sets the names in Redis apart: <c>oc:{cluster}:…</c>.</param>
        public IServiceCollection AddRedisStorage(string siloName, string connectionString, string clusterId)
        {
            services.AddStorageBasics();
            services.TryAddSingleton(new RedisKeys(clusterId));
            services.TryAddSingleton<IRedisDatabase>(provider => ActivatorUtilities.CreateInstance<RedisDatabase>(provider, connectionString));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, RedisStorage>());
            services.TryAddSingleton(CoarseClock.System);
            services.TryAddSingleton<SampledClusterClock>();
            services.TryAddSingleton<IClusterClock>(provider => provider.GetRequiredService<SampledClusterClock>());
            services.TryAddSingleton<IOwnershipStore, RedisOwnershipStore>();
            services.TryAddSingleton(provider => ActivatorUtilities.CreateInstance<LeasedOwnership>(provider, siloName, clusterId, SharedFormats.Dialect));
            services.TryAddSingleton<IOwnership>(provider => provider.GetRequiredService<LeasedOwnership>());
            services.TryAddSingleton<OwnView>();
            services.TryAddSingleton<IKnownView>(provider => provider.GetRequiredService<OwnView>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, LeasedOwnershipStep>());
            services.TryAddSingleton<IEntryStore, RedisEntryStore>();
            services.TryAddSingleton<ISharedTagStore, RedisTagStore>();
            services.TryAddSingleton<ITagStore>(provider => provider.GetRequiredService<ISharedTagStore>());
            services.TryAddSingleton<IStateStore, RedisStateStore>();
            services.TryAddKeyedSingleton<IGrainStorage>(GrainStorageName, (provider, _) => new JsonGrainStorage(provider.GetRequiredService<IStateStore>()));
            services.TryAddSingleton<TagLog>();
            services.TryAddSingleton<ITagLog>(provider => provider.GetRequiredService<TagLog>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, TagLogWatch>());
            return services;
        }

        /// <summary>Joins the cluster, if there is one, after all that was registered before has started.</summary>
        public IServiceCollection AddClusterEntry()
        {
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ClusterEntry>());
            return services;
        }

        private void AddStorageBasics()
        {
            services.AddMetrics();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<StorageMetrics>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StorageLifetime>());
        }

        private void AddLocalOwnership(string siloName, string? folder)
        {
            services.TryAddSingleton<LocalClusterClock>();
            services.TryAddSingleton<IClusterClock>(provider => provider.GetRequiredService<LocalClusterClock>());
            services.TryAddSingleton(provider => new LocalOwnership(
                siloName,
                folder,
                provider.GetRequiredService<LocalClusterClock>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<LocalOwnership>>()));
            services.TryAddSingleton<IOwnership>(provider => provider.GetRequiredService<LocalOwnership>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, LocalOwnershipStep>());
        }

        private void AddTagLog()
        {
            services.TryAddSingleton(CoarseClock.System);
            services.TryAddSingleton<TagLog>();
            services.TryAddSingleton<ITagLog>(provider => provider.GetRequiredService<TagLog>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, TagLogStep>());
        }
    }
}
