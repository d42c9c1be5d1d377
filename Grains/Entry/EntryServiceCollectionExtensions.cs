using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Registers what entry grains need, but for the seams: store, ownership, tags, regions and origins.</summary>
internal static class EntryServiceCollectionExtensions
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds entry grains, bounded by the section <c>OrleansCache:Memory</c>. Safe to call twice.</summary>
        public IServiceCollection AddEntryGrains()
        {
            services.AddOptions<EntryMemoryOptions>().BindConfiguration(EntryMemoryOptions.SectionName).ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EntryMemoryOptions>, EntryMemoryOptionsValidator>());
            services.AddMetrics();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<EntryMemory>();
            services.TryAddSingleton<EntryMetrics>();
            services.TryAddSingleton<EntryServices>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<ISealWork, EntrySeal>());
            services.TryAddSingleton<EagerRefresher>();
            services.TryAddSingleton<IEagerPlan>(static provider => provider.GetRequiredService<EagerRefresher>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EagerRefresher>(static provider => provider.GetRequiredService<EagerRefresher>()));

            return services;
        }
    }
}
