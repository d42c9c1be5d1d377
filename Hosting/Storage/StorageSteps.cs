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
    LeasedOwnership ownership, IEnumerable<ISealWork> sealWork, IHostApplicationLifetime application, ILogger<LeasedOwnership> logger, LoneSilo? lone = null)
    : IStorageStep, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ownership.Refused += End;
        foreach (var work in sealWork)
            ownership.Add(work);
        if (lone is not null)
            await lone.CheckAsync(cancellationToken).ConfigureAwait(false);
        await ownership.StartAsync(cancellationToken).ConfigureAwait(false);
        ownership.Changed += Look;
        _ = LookAsync();
    }

    public async ValueTask CloseAsync()
    {
        ownership.Changed -= Look;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await ownership.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private void Look() => _ = LookAsync();

    private async Task LookAsync()
    {
        if (lone is not null && await lone.FindEarlierAsync(_stopping.Token).ConfigureAwait(false) is { } refusal)
            End(refusal);
    }

    // A start that is refused late ends as one that is refused at once.
    private void End(StartRefusedException refusal)
    {
        logger.RefusedLate(refusal.Message);
        Environment.ExitCode = 2;
        application.StopApplication();
    }
}

/// <summary>Compares the tag log with a store that others may change, each second.</summary>
internal sealed class TagLogWatch(TagLog log, TimeProvider time, ILogger<TagLogWatch> logger) : IStorageStep, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        _running = RunAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask CloseAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        for (var isFailing = false; !_stopping.IsCancellationRequested;)
        {
            await Task.Delay(Period, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        }
    }
}
