using Microsoft.Extensions.Hosting;

namespace OrleansCache;

/// <summary>One thing that must be open before anything listens and closed after everything stopped, in the order of registration.</summary>
internal interface IStorageStep
{
    ValueTask OpenAsync(CancellationToken cancellationToken);

    ValueTask CloseAsync();

    /// <summary>Called first when the host stops: all still answers.</summary>
    Task LeaveAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Opens the steps before the host's services start, and closes them in reverse after they stopped.</summary>
internal sealed class StorageLifetime(IEnumerable<IStorageStep> steps) : IHostedLifecycleService
{
    private readonly Stack<IStorageStep> _open = new();

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var step in steps)
            {
                _open.Push(step);
                await step.OpenAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => CloseAsync();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.WhenAll(_open.Select(step => step.LeaveAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CloseAsync()
    {
        while (_open.TryPop(out var step))
            await step.CloseAsync().ConfigureAwait(false);
    }
}
