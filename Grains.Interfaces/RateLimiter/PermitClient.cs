namespace OrleansCache;

/// <summary>Asks a limiter for permits and waits on the caller's side, with one ticket, so that the place in line is kept.</summary>
internal sealed class PermitClient(IGrainFactory grains, TimeProvider clock)
{
    private static readonly TimeSpan LimiterAway = TimeSpan.FromSeconds(1);
    /// <summary>How long a caller goes on asking a limiter that has no proof of its right yet: longer than a lease, so that a start is waited out.</summary>
    public static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(5);

    /// <summary>How often who would not wait asks again when a permit came later than it lives.</summary>
    private const int LateTries = 1;
    private const int PauseTries = 3;
    private static readonly TimeSpan NotOwnerPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits at most <paramref name="maxWait"/>; zero wants an answer now.</summary>
    public async ValueTask<Permit> AcquireAsync(string limiter, bool background, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IRateLimiterGrain>(limiter);
        var request = new PermitRequest { Ticket = Guid.NewGuid(), Background = background };
        var first = clock.GetTimestamp();
        var began = first;
        var (waits, late) = (false, 0);
        try
        {
            while (true)
            {
                var left = maxWait - clock.GetElapsedTime(began);
                request = request with { WaitMilliseconds = (int)Math.Clamp(left.TotalMilliseconds, 0, int.MaxValue) };
                var asked = clock.GetTimestamp();
                var reply = await AskAsync(grain, request, cancellationToken).ConfigureAwait(false);
                var pause = TimeSpan.FromMilliseconds(reply.RetryAfterMilliseconds);
                waits = reply.Status == PermitStatus.Wait;
                switch (reply.Status)
                {
                    case PermitStatus.Granted when clock.GetElapsedTime(asked) < Permit.Life:
                        return new(PermitKind.Granted, asked);
                    case PermitStatus.Unlimited:
                        return new(PermitKind.NotNeeded);
                    case PermitStatus.Granted when ++late <= LateTries || left > TimeSpan.Zero:
                        break;      // each one that comes late is one less for the others
                    case PermitStatus.Wait:
                    case PermitStatus.Recording when clock.GetElapsedTime(first) < ProofPatience:
                        await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
                        break;
                    case PermitStatus.Unproven or PermitStatus.NotOwner when maxWait > TimeSpan.Zero && clock.GetElapsedTime(first) < ProofPatience:
                        await Task.Delay(pause > TimeSpan.Zero ? pause : NotOwnerPause, clock, cancellationToken).ConfigureAwait(false);
                        began = clock.GetTimestamp();       // the limit's own wait begins with the proof
                        break;
                    default:
                        return new(PermitKind.Refused, RetryAfter: pause > TimeSpan.Zero ? pause : LimiterAway, Hold: reply.Status is PermitStatus.Wait or PermitStatus.Refused ? reply.Hold : PermitHold.Away);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (waits)
                GiveUp(grain, request);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new(PermitKind.Refused, RetryAfter: LimiterAway, Hold: PermitHold.Away);
        }
    }

    /// <summary>Grants nothing for a while, as the origin asked.</summary>
    public async Task PauseAsync(string limiter, TimeSpan duration, CancellationToken cancellationToken)
    {
        try
        {
            for (var tries = 0; tries < PauseTries && !await grains.GetGrain<IRateLimiterGrain>(limiter).PauseAsync(duration, cancellationToken).ConfigureAwait(false); tries++)
                await Task.Delay(NotOwnerPause, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The limiter is away: it grants nothing anyway.
        }
    }

    // Whose silo cannot be reached is given to another soon.
    private static async ValueTask<PermitReply> AskAsync(IRateLimiterGrain limiter, PermitRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await limiter.AcquireAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (SiloUnavailableException)
        {
            return new() { Status = PermitStatus.NotOwner };
        }
    }

    /// <summary>Leaves the line; who can't be told drops the place by itself.</summary>
    private static void GiveUp(IRateLimiterGrain grain, PermitRequest request) =>
        _ = grain.AcquireAsync(request with { WaitMilliseconds = -1 }, CancellationToken.None).AsTask()
            .ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
