namespace OrleansCache;

/// <summary>Permits that the store's record already counts as given, so that a crash can't give them again.</summary>
/// <remarks>
/// A record names the permits given so far and how many more may be given under it. While a new record is on its way the old one's
/// rest may still be given, since the new one counts it too; so a write whose end is unknown harms nothing.
/// </remarks>
internal sealed class PermitReserve
{
    private long _underNewRecord;

    /// <summary>Permits that may be given without another write.</summary>
    public long Remaining { get; private set; }

    /// <summary>True while a record is on its way.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>How many permits the record that is now written must leave open.</summary>
    public long BeginWrite(long chunk)
    {
        if (IsWriting)
            throw new InvalidOperationException("A record is on its way already.");
        IsWriting = true;
        return _underNewRecord = Remaining + chunk;
    }

    /// <summary>The store has the record.</summary>
    public void Written()
    {
        Remaining = _underNewRecord;
        IsWriting = false;
    }

    /// <summary>The record may be in the store or not.</summary>
    public void Failed() => IsWriting = false;

    /// <summary>Gives up what is reserved: nothing more is given until a record is written.</summary>
    public void Close() => Remaining = 0;

    public bool TryTake()
    {
        if (Remaining <= 0)
            return false;
        Remaining--;
        if (IsWriting)
            _underNewRecord--;
        return true;
    }
}
