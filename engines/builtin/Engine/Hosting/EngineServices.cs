namespace OrleansCache.Engine;

/// <summary>The engine's front door.</summary>
[BuiltinOnly]
public static class EngineServices
{
    private const string LogName = "OrleansCache.Engine";

    extension(IServiceCollection services)
    {
        /// <summary>Adds a silo to this process; <see cref="IGrainFactory"/> and <see cref="IClusterClient"/> then reach it without a network.</summary>
        public IServiceCollection AddEngineSilo(Action<EngineSiloOptions>? configure = null)
        {
            services.AddEngineOptions(configure);
            services.TryAddSingleton(sp => new SiloRuntime(sp, Clock(sp), Options<EngineSiloOptions>(sp), sp.GetService<IGrainRouter>(), Log(sp)));
            services.TryAddSingleton<SiloService>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SiloService>(sp => sp.GetRequiredService<SiloService>()));
            services.TryAddSingleton<IClusterClient>(sp => sp.GetRequiredService<SiloRuntime>());
            services.TryAddSingleton<IGrainFactory>(sp => sp.GetRequiredService<SiloRuntime>());
            return services;
        }

        /// <summary>Adds a client of silos in other processes.</summary>
        public IServiceCollection AddEngineClient(Action<EngineClientOptions>? configure = null)
        {
            services.AddEngineOptions(configure);
            services.TryAddSingleton(sp => new ClientRuntime(sp, Clock(sp), Options<EngineClientOptions>(sp), sp.GetService<IGrainRouter>(), Log(sp)));
            services.AddHostedService(sp => sp.GetRequiredService<ClientRuntime>());
            services.TryAddSingleton<IClusterClient>(sp => sp.GetRequiredService<ClientRuntime>());
            services.TryAddSingleton<IGrainFactory>(sp => sp.GetRequiredService<ClientRuntime>());
            return services;
        }

        /// <summary>Adds a store of grain state in memory under the given name.</summary>
        public IServiceCollection AddEngineMemoryStorage(string name = "Default")
        {
            services.TryAddKeyedSingleton<IGrainStorage, MemoryGrainStorage>(name);
            return services;
        }

        private void AddEngineOptions<TOptions>(Action<TOptions>? configure) where TOptions : EngineOptions
        {
            services.AddLogging();
            services.AddMetrics();
            services.AddOptions<TOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, EngineOptionsValidator<TOptions>>());
        }
    }

    private static TOptions Options<TOptions>(IServiceProvider services) where TOptions : class =>
        services.GetRequiredService<IOptions<TOptions>>().Value;

    private static TimeProvider Clock(IServiceProvider services) =>
        services.GetKeyedService<TimeProvider>(LogName) ?? services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger Log(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger(LogName);
}

internal sealed class EngineOptionsValidator<TOptions> : IValidateOptions<TOptions> where TOptions : EngineOptions
{
    public ValidateOptionsResult Validate(string? name, TOptions options) =>
        options.Errors().Select(error => $"{typeof(TOptions).Name}.{error}").ToList() is { Count: > 0 } errors
            ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
}
