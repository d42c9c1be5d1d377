namespace OrleansCache;

/// <summary>A key's turn to write as the silo holds it that makes the call: nothing leaves for the origin when the turn may be over.</summary>
/// <remarks>
/// How long a message was on its way nobody can tell, so the entry is asked: it answers for its time from then on, and this counts from before it
/// asked. While the call runs the turn is kept, also for a client that is gone.
/// </remarks>
internal sealed class WriterTurn(IEntryGrain entry, LoadTicket ticket, TimeProvider clock)
{
    /// <summary>Shorter than the entry's by more than clocks differ.</summary>
    private static readonly TimeSpan Good = EntryLimits.LoadLease * 0.9;

    /// <summary>How long an entry is asked whose owner does not answer, or cannot prove that it is the owner.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private long _askedAt;
    private volatile bool _isHeld;
    private volatile bool _isLost;

    /// <summary>True while the turn cannot be over.</summary>
    public bool IsHeld => _isHeld && !_isLost && clock.GetElapsedTime(Volatile.Read(ref _askedAt)) < Good;

    /// <summary>Asks until the entry has answered; returns whether the turn is held.</summary>
    public async Task<bool> TakeAsync()
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            await Waits.EndsAsync(HoldAsync(), Good, clock, CancellationToken.None).ConfigureAwait(false);
            if (IsHeld || _isLost || clock.GetElapsedTime(began) > Patience)
                return IsHeld;
            await Task.Delay(Pause, clock).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps the turn until the call ends.</summary>
    public async Task KeepAsync(Task call)
    {
        while (!_isLost && !await Waits.EndsAsync(call, EntryLimits.LoadLease / 3, clock, CancellationToken.None).ConfigureAwait(false))
            _ = HoldAsync();
    }

    private async Task HoldAsync()
    {
        var asked = clock.GetTimestamp();
        try
        {
            var reply = await entry.HoldWriteAsync(ticket).ConfigureAwait(false);
            if (reply.Status == OriginWriteStatus.Lost)
                _isLost = true;
            if (reply.Status != OriginWriteStatus.Granted)
                return;
            Highest.Raise(ref _askedAt, asked);
            _isHeld = true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Asked again; until there is an answer nothing leaves.
        }
    }
}
