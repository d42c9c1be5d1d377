using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Says at the start that nothing outlives the process, for that may be a setting that is missing.</summary>
internal sealed class MemoryOnly(string connectionName, ILogger<MemoryOnly> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        logger.MemoryOnly(connectionName);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
