using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>
/// The right to serve, for one silo alone: the exclusive lock on its data folder stands for the lease. Without a folder nothing
/// outlives the process, and nobody else could serve it.
/// </summary>
internal sealed class LocalOwnership(string self, string? folder, LocalClusterClock clock, TimeProvider time, ILogger<LocalOwnership> logger)
    : IOwnership, IDisposable
{
    /// <summary>Cluster time reserved at once, in microseconds: so long the start after a crash may wait.</summary>
    public const long Reserve = 100_000;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DataFolder? _folder;
    private LeaseFile? _lease;
    private long _view;
    private volatile bool _holds;

    public string Self => self;

    public long View => Volatile.Read(ref _view);

    public Placement Placement { get; private set; } = Placement.None;

    public event Action? Changed;

    public bool FenceHolds => _holds;

    /// <summary>The former owner of the folder said goodbye, or there was none.</summary>
    public bool FormerStoppedCleanly { get; private set; } = true;

    public bool IsPlacedHere(ulong keyHash) => View > 0;

    public bool Owns(ulong keyHash) => View > 0;

    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(Owns(keyHash));

    public long EpochOf(ulong keyHash) => View;

    public async ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!_holds)
            await _started.Task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return _holds;
    }

    /// <summary>There is no other silo.</summary>
    public void Hint(long view)
    {
    }

    /// <summary>Takes the folder. Time that a crash left reserved passes first: a jump over it would make all that is stored look older than it is.</summary>
    /// <exception cref="StartRefusedException">The folder is another's, or its lease is damaged.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        Hold();
        if (_lease is { Lease.Ceiling: var ceiling } && ceiling - clock.Now is > 0 and <= Reserve)
            await clock.PassedAsync(ceiling, cancellationToken).ConfigureAwait(false);
        Begin();
    }

    private void Hold()
    {
        if (folder is null)
            return;
        _folder = DataFolder.Hold(folder);
        try
        {
            _lease = LeaseFile.Open(Path.Combine(_folder.FullPath, "lease"));
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    private void Begin()
    {
        if (_lease is not null)
        {
            var former = _lease.Lease;
            FormerStoppedCleanly = former.View == 0 || former.StoppedCleanly;
            clock.StartAbove(former.Ceiling, ReserveUpTo);
            _lease.Write(former with { View = former.View + 1, StoppedCleanly = false }, flush: true);
        }
        var number = _lease?.Lease.View ?? 1;
        Placement = Placement.Of(new(number, [new(Guid.NewGuid(), self, Environment.ProcessId, Environment.MachineName)], number));
        Volatile.Write(ref _view, number);
        _holds = true;
        Changed?.Invoke();
        _ = clock.Now;
        logger.OwnsFolder(View, FormerStoppedCleanly);
        _started.TrySetResult();
    }

    /// <summary>Gives the folder up, with the mark that says so.</summary>
    public void Dispose()
    {
        _holds = false;
        lock (_lock)
        {
            try
            {
                if (_lease is { } lease)
                    lease.Write(lease.Lease with { Ceiling = clock.Now, StoppedCleanly = true }, flush: true);
            }
            catch (IOException exception)
            {
                logger.LeaseNotWritten(exception);
            }
            _lease?.Dispose();
            _lease = null;
            _folder?.Dispose();
            _folder = null;
        }
    }

    // Time goes on when the reservation can't be written, but nothing is proved by it any more.
    private long ReserveUpTo(long now)
    {
        lock (_lock)
        {
            if (_lease is not { } lease)
                return long.MaxValue;
            var ceiling = now + Reserve;
            if (ceiling <= lease.Lease.Ceiling)
                return lease.Lease.Ceiling;
            try
            {
                lease.Write(lease.Lease with { Ceiling = ceiling }, flush: false);
                _holds |= View > 0;
            }
            catch (IOException exception)
            {
                _holds = false;
                logger.LeaseNotWritten(exception);
            }
            return ceiling;
        }
    }
}
