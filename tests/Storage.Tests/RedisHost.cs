using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>A host with Redis storage and nothing else.</summary>
internal static class RedisHost
{
    public static async Task<IHost> StartAsync(RedisServer server, string name = "silo-0", ILogger? log = null, string options = ",asyncTimeout=1000", Action<IServiceCollection>? first = null)
    {
        var builder = Builder(log);
        first?.Invoke(builder.Services);
        builder.Services.AddRedisStorage(name, server.EndPoint + options, "test").AddClusterEntry();
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>One that is not started, and joins nothing by itself.</summary>
    public static IHost Build(string endPoint, string name = "silo-0", ILogger? log = null)
    {
        var builder = Builder(log);
        builder.Services.AddRedisStorage(name, endPoint, "test");
        return builder.Build();
    }

    public static async Task StopAsync(IHost host)
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }

    private static HostApplicationBuilder Builder(ILogger? log)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        if (log is not null)
            builder.Logging.AddProvider(new OneLoggerProvider(log));
        return builder;
    }

    private sealed class OneLoggerProvider(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
