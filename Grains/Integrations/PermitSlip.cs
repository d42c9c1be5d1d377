namespace OrleansCache;

/// <summary>The permit of one attempt. It is held against the clock right before the bytes leave, however long the connection took.</summary>
/// <remarks>For one attempt's own flow. A permit that has lapsed is replaced, which is no retry: nothing has left yet.</remarks>
internal sealed class PermitSlip(Permit permit, Func<CancellationToken, ValueTask<Permit>> renew, TimeProvider clock, CancellationToken attempt)
{
    private static readonly AsyncLocal<PermitSlip?> Flowing = new();
    private Permit _permit = permit;
    private object? _usedOn;

    /// <summary>The slip of the attempt whose flow this is.</summary>
    public static PermitSlip? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>True once the first bytes left.</summary>
    public bool IsUsed => _usedOn is not null;

    /// <summary>True for a request that must not reach the origin twice.</summary>
    public bool IsOnce { get; init; }

    /// <summary>The turn in which the request is made: nothing of it leaves, nor the rest, when that may be over. Null for one that needs none.</summary>
    public WriterTurn? Turn { get; init; }

    /// <summary>True when nothing left, or not the rest, or not again, because the turn may have been over.</summary>
    public bool IsTooLate { get; private set; }

    /// <summary>When a permit could be had; null while none was refused, or was still waited for when the attempt ended.</summary>
    public TimeSpan? Refusal { get; private set; }

    /// <summary>With <see cref="Refusal"/>, what keeps permits back.</summary>
    public PermitHold Hold => _permit.Hold;

    /// <summary>Before every write on a connection: the first of the attempt uses the permit, and so does the first on another connection.</summary>
    /// <remarks>HttpClient sends again by itself, on another connection, when a kept one turns out to be closed. That is a second call for the origin.</remarks>
    public ValueTask BeforeWriteAsync(object connection)
    {
        if (ReferenceEquals(_usedOn, connection))
            return Turn is null ? default : Use(connection);        // the rest of a body that is cut is one the origin cannot take for whole
        if (_usedOn is not null && IsOnce)
            return ValueTask.FromException(new IOException("The connection ended with the request on it, and a write that may not be repeated is not sent again."));
        return _usedOn is null && IsFresh ? Use(connection) : RenewAsync(connection);
    }

    /// <summary>Replaces the permit if it has lapsed.</summary>
    public ValueTask EnsureFreshAsync() => IsFresh ? Use(connection: null) : RenewAsync(connection: null);

    private bool IsFresh => _permit.Kind == PermitKind.NotNeeded || clock.GetElapsedTime(_permit.AskedAt) < Permit.Life;

    private async ValueTask RenewAsync(object? connection)
    {
        while (_permit.Kind != PermitKind.NotNeeded)
        {
            if (Refusal is { } refused)
                throw new PermitRefusedException(refused);
            Refusal = TimeSpan.Zero;
            _permit = await renew(attempt).ConfigureAwait(false);
            Refusal = _permit.Kind == PermitKind.Refused ? _permit.RetryAfter : null;
            if (Refusal is null && IsFresh)
                break;
        }

        await Use(connection).ConfigureAwait(false);
    }

    private ValueTask Use(object? connection)
    {
        if (Turn is { IsHeld: false })
        {
            IsTooLate = true;
            return ValueTask.FromException(new IOException("The key's turn to write may be over: the call, or the rest of it, does not leave."));
        }

        _usedOn = connection ?? _usedOn;
        return default;
    }
}

/// <summary>The permit had lapsed before the call left, and the limiter gives no other in time.</summary>
public sealed class PermitRefusedException : IOException
{
    internal PermitRefusedException(TimeSpan retryAfter)
        : base("The permit lapsed before the call could leave, and the limiter gives no other in time.") => RetryAfter = retryAfter;

    /// <summary>When a permit could be had.</summary>
    public TimeSpan RetryAfter { get; }
}
