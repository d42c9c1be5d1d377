namespace OrleansCache;

/// <summary>One call with its attempts.</summary>
/// <param name="limiter">Whose permits the attempts take; null for none.</param>
/// <param name="ticket">The lease it runs under, or the terms that it has without one; the first attempt's permit is taken. Null without a limiter.</param>
/// <param name="isBackground">Nobody waits for it.</param>
internal sealed class CallRun(string? limiter, LoadTicket? ticket, bool isBackground)
{
    /// <summary>How many attempts began.</summary>
    public int Attempts { get; set; }

    /// <summary>How the last attempt that ended by itself failed.</summary>
    public Exception? Failure { get; set; }

    /// <summary>True once an attempt got no permit: there is no other.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>The permit of an attempt after the first.</summary>
    /// <exception cref="IntegrationException">There is none, and the attempt may not be made without.</exception>
    public async ValueTask TakePermitAsync(PermitClient permits, CancellationToken ct)
    {
        if (limiter is null)
            return;
        var permit = await permits.AcquireAsync(limiter, isBackground, TimeSpan.FromMilliseconds(ticket?.PermitWaitMilliseconds ?? 0), ct).ConfigureAwait(false);
        if (permit.Kind != PermitKind.Refused || ticket is { MayBypass: true })
            return;
        IsRefused = true;
        throw new IntegrationException(Refused(limiter, Attempts + 1, permit), Failure);
    }

    /// <summary>What an attempt without a permit is to the caller.</summary>
    public static LoadProblem Refused(string limiter, int attempt, Permit permit) => new()
    {
        Kind = ProblemKind.Limited,
        Detail = "limited",
        RetryAfterMilliseconds = (long)permit.RetryAfter.TotalMilliseconds,
        Message = $"The rate limiter of '{limiter}' refused a permit for attempt {attempt}.",
    };
}
