using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Storage.Tests;

internal static class TestMeters
{
    public static IMeterFactory Factory() => new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    public static StorageMetrics Storage(IMeterFactory? meters = null) => new(meters ?? Factory(), TimeProvider.System);
}
