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
            services.TryAddSingleton<TagLog>();
            services.TryAddSingleton<ITagLog>(provider => provider.GetRequiredService<TagLog>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IStorageStep, TagLogStep>());
        }
    }
}

internal sealed class LocalOwnershipStep(LocalOwnership ownership) : IStorageStep
{
    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ownership.Start();
        return ValueTask.CompletedTask;
    }

    public ValueTask CloseAsync()
    {
        ownership.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed class TagLogStep(TagLog log) : IStorageStep
{
    public async ValueTask OpenAsync(CancellationToken cancellationToken) => await log.SynchroniseAsync(cancellationToken).ConfigureAwait(false);

    public ValueTask CloseAsync() => ValueTask.CompletedTask;
}
