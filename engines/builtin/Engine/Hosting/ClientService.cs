using Microsoft.Extensions.Hosting;

namespace OrleansCache.Engine;

/// <summary>Connects with the host's start, so that the first call need not wait; the host's end closes the connections.</summary>
internal sealed class ClientService(ClientRuntime runtime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        runtime.Connect();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
