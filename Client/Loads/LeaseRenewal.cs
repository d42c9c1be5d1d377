using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Keeps a load lease alive while the factory runs: asked every third of its time, until it is refused.</summary>
internal sealed class LeaseRenewal : IAsyncDisposable
{
    private readonly IEntryGrain _entry;
    private readonly LoadTicket _ticket;
    private readonly ILogger _logger;
    private readonly ulong _keyHash;
    private readonly ITimer? _timer;
    private int _busy;

    public LeaseRenewal(IEntryGrain entry, LoadTicket ticket, TimeProvider clock, ILogger logger, ulong keyHash)
    {
        (_entry, _ticket, _logger, _keyHash) = (entry, ticket, logger, keyHash);
        var third = TimeSpan.FromMilliseconds(Math.Max(1, ticket.LeaseMilliseconds / 3));
        if (ticket.LeaseMilliseconds > 0)
            _timer = clock.CreateTimer(static s => _ = ((LeaseRenewal)s!).RenewAsync(), this, third, third);
    }

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task RenewAsync()
    {
        if (Interlocked.Exchange(ref _busy, 1) == 1)
            return;
        try
        {
            if (!await _entry.RenewLoadAsync(_ticket, CancellationToken.None).ConfigureAwait(false))
            {
                _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _logger.LeaseLost(_keyHash);
            }
        }
#pragma warning disable CA1031 // a renewal that fails is tried again at the next third; the owner ends the lease otherwise
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.RenewalFailed(e, _keyHash);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
