namespace OrleansCache;

/// <summary>Loads by a caller, under a lease, with the limiter's permit in the same call.</summary>
internal sealed partial class Entry
{
    private LoadFlight BeginLeased(in ReadRequest request) => Begin(leased: true, request, request.SharesPermit ? null : request.Limiter);

    /// <summary>The stale value at once; with it the lease to refresh, if a permit is to be had without waiting.</summary>
    private async ValueTask<ReadReply> StaleWithTicketAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        if (UnknownLimiter(request) is { } misspelt)
            return Stale(Now, request.Load) with { Problem = misspelt };
        var flight = BeginLeased(request);
        var granted = await GrantAsync(flight, request, new Slice(_services.Time, EntryLimits.ReadPatience), stale: true, cancellationToken);
        var now = Now;
        if (ReadRules.Judge(_state, now, TagsGood) == Freshness.Absent)
            return granted;
        return Stale(now, request.Load) with { Ticket = granted.Ticket };
    }

    /// <summary>Gives the caller the lease, after the limiter gave its permit.</summary>
    private async ValueTask<ReadReply> GrantAsync(LoadFlight flight, ReadRequest request, Slice slice, bool stale, CancellationToken cancellationToken)
    {
        if (flight.Limiter is null)
            return Lease(flight, request, limits: request.Limiter is { } shared ? _services.Limits.For(shared) : null, stale: stale);

        flight.IsSeeking = true;
        flight.SeekingSince = flight.SeekingSince == 0 ? _services.Time.GetTimestamp() : flight.SeekingSince;
        var limits = _services.Limits.For(flight.Limiter);
        var patience = stale || limits is { OnMiss: not OnMiss.Wait } ? TimeSpan.Zero
            : request.MaxPermitWaitMilliseconds is { } given ? TimeSpan.FromMilliseconds(given)
            : limits?.MaxWait ?? TimeSpan.Zero;
        try
        {
            while (true)
            {
                if (Joinable() != flight)
                    return Reply(ReadStatus.AskAgain);
                (_state, _) = LoadRules.Renew(_state, flight.Load.Number, 2 * LeaseSpan, Now);
                var asked = slice.Elapsed;
                var permit = await AskLimiterAsync(flight, patience - _services.Time.GetElapsedTime(flight.SeekingSince), stale);
                switch (permit.Status)
                {
                    case PermitStatus.Unlimited:
                        return Lease(flight, request, limits: limits, stale: stale);
                    case PermitStatus.Granted when slice.Elapsed - asked < Permit.Life:
                        // The caller counts from before it asked, so what passed in here until the limiter was asked comes on top.
                        return Lease(flight, request, (int)(asked + Permit.Life).TotalMilliseconds, limits, stale);
                    case PermitStatus.Granted:
                        break;
                    case PermitStatus.Wait or PermitStatus.NotOwner when !stale:
                    case PermitStatus.Unproven or PermitStatus.Recording when !stale && _services.Time.GetElapsedTime(flight.SeekingSince) < PermitClient.ProofPatience:
                        if (slice.IsOver)
                            return Reply(ReadStatus.AskAgain);
                        var pause = TimeSpan.FromMilliseconds(Math.Clamp(permit.RetryAfterMilliseconds, 1, (long)EntryLimits.Slice.TotalMilliseconds));
                        await Task.Delay(slice.AtMost(pause) is { Ticks: > 0 } left ? left : TimeSpan.FromTicks(1), _services.Time, cancellationToken);
                        break;
                    case PermitStatus.Refused when !stale && limits is { OnMiss: OnMiss.Bypass }:
                        return Lease(flight, request, limits: limits, stale: stale);
                    default:
                        return await RefusedAsync(flight, permit, request, slice);
                }
            }
        }
        finally
        {
            flight.IsSeeking = false;
        }
    }

    private async ValueTask<PermitReply> AskLimiterAsync(LoadFlight flight, TimeSpan left, bool stale)
    {
        try
        {
            return await _host.Limiter(flight.Limiter!).AcquireAsync(new()
            {
                Ticket = flight.PermitTicket,
                Background = stale,
                WaitMilliseconds = (int)Math.Clamp(left.TotalMilliseconds, 0, int.MaxValue),
            });
        }
        catch (OrleansException)
        {
            return new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = (long)EntryLimits.ReadPatience.TotalMilliseconds };
        }
    }

    private async ValueTask<ReadReply> RefusedAsync(LoadFlight flight, PermitReply permit, ReadRequest request, Slice slice)
    {
        var problem = new LoadProblem
        {
            Kind = ProblemKind.Limited,
            Detail = "limited",
            RetryAfterMilliseconds = permit.RetryAfterMilliseconds,
            Message = $"The rate limiter of '{flight.Limiter}' refused a permit.",
        };
        var answer = await EndAsync(flight, LoadResult.Failure(problem));
        return AnswerOf(flight, answer, request, Arrival, slice) ?? Reply(ReadStatus.AskAgain);
    }

    /// <summary>A load without a limit because of a misspelt name would break the very promise that the name asks for.</summary>
    private LoadProblem? UnknownLimiter(in ReadRequest request) => request.Limiter is not { } limiter || _services.Limits.Knows(limiter) ? null : new()
    {
        Kind = ProblemKind.BadCall,
        Detail = "unknown-limiter",
        Message = $"EntryOptions.Limiter is '{limiter}', and the silo has no integration of that name; name one that it has, or leave the option null.",
    };

    private ReadReply Lease(LoadFlight flight, in ReadRequest request, int permitMilliseconds = 0, RateLimitPolicy? limits = null, bool stale = false)
    {
        (_state, _) = LoadRules.Renew(_state, flight.Load.Number, LeaseSpan, Now);
        (flight.Holder, flight.OriginVersion, flight.IsGranted) = (request.OperationId, request.OriginVersion, true);
        _reason = EntryReason.LoadedByCaller;
        return Reply(ReadStatus.Lease) with
        {
            Ticket = new()
            {
                Activation = Tasks.Activation,
                Number = flight.Load.Number,
                LeaseMilliseconds = (int)EntryLimits.LoadLease.TotalMilliseconds,
                PermitMilliseconds = permitMilliseconds,
                PermitWaitMilliseconds = limits is null || (!stale && limits.OnMiss != OnMiss.Wait) ? 0 : (int)limits.MaxWait.TotalMilliseconds,
                MayBypass = !stale && limits is { OnMiss: OnMiss.Bypass },
            },
        };
    }
}
