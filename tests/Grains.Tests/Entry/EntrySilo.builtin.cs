using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Tests;

internal sealed partial class EntrySilo
{
    static partial void AddChaos(IServiceCollection services) =>
        services.Configure<EngineSiloOptions>(o => o.Chaos = new() { Seed = 3, Deactivate = 0.02, Drop = 0.02 });
}
