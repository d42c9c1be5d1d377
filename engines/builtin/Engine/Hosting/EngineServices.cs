namespace OrleansCache.Engine;

/// <summary>The engine's front door.</summary>
[BuiltinOnly]
public static class EngineServices
{


    extension(IServiceCollection services)
    {
        /// <summary>Adds a silo to this process; <see cref="IGrainFactory"/> and <see cref="IClusterClient"/> then reach it without a network.</summary>
        public IServiceCollection AddEngineSilo(Action<EngineSiloOptions>? configure = null)
        {
            services.AddRuntime<SiloRuntime, EngineSiloOptions>(configure);
            return services.AddHostedService<SiloService>();
        }

        /// <summary>Adds a client of silos in other processes.</summary>
        public IServiceCollection AddEngineClient(Action<EngineClientOptions>? configure = null)
        {
            services.AddRuntime<ClientRuntime, EngineClientOptions>(configure);
            return services.AddHostedService(sp => sp.GetRequiredService<ClientRuntime>());
        }

        /// <summary>Adds a store of grain state in memory under the given name.</summary>
        public IServiceCollection AddEngineMemoryStorage(string name = "Default")
        {
            services.TryAddKeyedSingleton<IGrainStorage, MemoryGrainStorage>(name);
            return services;
        }

        private void AddRuntime<TRuntime, TOptions>(Action<TOptions>? configure)
            where TRuntime : EngineRuntime where TOptions : EngineOptions
        {
            services.AddLogging();
            services.AddMetrics();
            services.AddOptions<TOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, EngineOptionsValidator<TOptions>>());
            services.TryAddSingleton<TRuntime>();
            services.TryAddSingleton<IClusterClient>(sp => sp.GetRequiredService<TRuntime>());
            services.TryAddSingleton<IGrainFactory>(sp => sp.GetRequiredService<TRuntime>());
        }
    }
}

internal sealed class EngineOptionsValidator<TOptions> : IValidateOptions<TOptions> where TOptions : EngineOptions
{
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        options.Errors().Select(error => $"{typeof(TOptions).Name}.{error}").ToList() is { Count: > 0 } errors
            ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}
