using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal sealed class LocalOwnershipStep(LocalOwnership ownership) : IStorageStep
{
    public ValueTask OpenAsync(CancellationToken cancellationToken) => ownership.StartAsync(cancellationToken);

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

internal sealed class LeasedOwnershipStep(
    LeasedOwnership ownership, IEnumerable<ISealWork> sealWork, IHostApplicationLifetime application, ILogger<LeasedOwnership> logger) : IStorageStep
{
    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ownership.Refused += End;
        foreach (var work in sealWork)
            ownership.Add(work);
        return ValueTask.CompletedTask;
    }

    public Task LeaveAsync(CancellationToken cancellationToken) => ownership.LeaveAsync(cancellationToken);

    public ValueTask CloseAsync() => ownership.DisposeAsync();

    // A start that is refused late ends as one that is refused at once.
    private void End(StartRefusedException refusal)
    {
        logger.RefusedLate(refusal.Message);
        Environment.ExitCode = 2;
        application.StopApplication();
    }
}

/// <summary>Joins the cluster when what answers the others' calls has started.</summary>
internal sealed class ClusterEntry(LeasedOwnership? ownership = null) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => ownership?.StartAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Keeps the tag log's lease, and what it knows: each second, and at once when somebody tells of a raise.</summary>
internal sealed class TagLogWatch(TagLog log, ISharedTagStore store, TimeProvider time, ILogger<TagLogWatch> logger) : IStorageStep, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseWhenAway = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private IAsyncDisposable? _listening;

    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        await BeginAsync(cancellationToken).ConfigureAwait(false);
        _running = RunAsync();
    }

    public async ValueTask CloseAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        if (_listening is { } listening)
            await listening.DisposeAsync().ConfigureAwait(false);
        using var limit = new CancellationTokenSource(LeaveLimit, time);
        await log.LeaveAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    // Silos may start all at once on a machine that is busy, and with them their store.
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var isFailing = false; ; isFailing = true)
        {
            try
            {
                _listening ??= await store.ListenAsync(log.Hint, cancellationToken).ConfigureAwait(false);
                await log.SynchroniseAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StoreUnavailableException exception) when (time.GetElapsedTime(began) < LeasedOwnership.StartLimit)
            {
                if (!isFailing)
                    logger.TagLogNotCompared(exception);
                await Task.Delay(PauseWhenAway, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RunAsync()
    {
        var (isFailing, generation) = (false, log.Generation);
        while (!_stopping.IsCancellationRequested)
        {
            if (isFailing)
                await Task.Delay(PauseWhenAway, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else
                await NewsAsync().ConfigureAwait(false);
            try
            {
                await log.SynchroniseAsync(_stopping.Token).ConfigureAwait(false);
                isFailing = false;
            }
            catch (StoreUnavailableException exception)
            {
                if (!isFailing)
                    logger.TagLogNotCompared(exception);
                isFailing = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (log.Generation != generation)
                logger.TagLogLost();
            generation = log.Generation;
        }
    }

    private async Task NewsAsync()
    {
        for (var began = time.GetTimestamp(); Period - time.GetElapsedTime(began) is { Ticks: > 0 } left && !_stopping.IsCancellationRequested;)
        {
            var news = log.News;
            if (log.IsBehind)
                return;
            await news.WaitAsync(left, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
