using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Writes to an origin in the key's turn, and then to the cache.</summary>
internal sealed class OriginWrites(OwnerCalls calls, IGrainFactory grains, FlightTable flights, OperationIds ids, TimeProvider clock, ILogger<OriginWrites> logger)
{
    /// <summary>Runs the caller's write, and has its result take the place of the key's value.</summary>
    /// <param name="key">Whose turn it is.</param>
    /// <param name="write">Writes to the origin; what it gives is the new value.</param>
    /// <param name="encode">Makes bytes of that.</param>
    /// <param name="options">Of the new value.</param>
    /// <param name="ct">Ends the wait for the turn, and is given to the write.</param>
    public async ValueTask<WriteResult> RunAsync<T>(
        CacheKey key, Func<CancellationToken, ValueTask<T>> write, Func<T, RawValue> encode, EntryOptions options, CancellationToken ct)
    {
        var begin = await calls.CallAsync<IEntryGrain, BeginWriteRequest, OriginWriteReply>(
            key.GrainKey, new(ids.Next()), static (entry, request) => entry.BeginWriteAsync(request), IsFinal, ct: ct).ConfigureAwait(false);
        if (begin is not { Status: OriginWriteStatus.Granted, Ticket: { } ticket })
            throw new CacheUnavailableException($"The key's owner cannot give a turn to write now ({begin.Detail ?? "no proof or no store"}); the origin was not asked.", TimeSpan.FromSeconds(1));

        var end = new EndWriteRequest { Ticket = ticket, End = OriginWriteEnd.Doubtful };
        try
        {
            await using (new LeaseRenewal(grains.GetGrain<IEntryGrain>(key.GrainKey), ticket, clock, logger, RoutingHash.Of(key.GrainKey)).ConfigureAwait(false))
            {
                var value = encode(await write(ct).ConfigureAwait(false));
                end = end with
                {
                    End = OriginWriteEnd.Written,
                    Value = new()
                    {
                        OperationId = ids.Next(),
                        Bytes = value.Bytes,
                        ContentType = value.ContentType,
                        Encoding = value.Encoding,
                        Lifetime = options.ToWire(),
                        Writer = ids.Process,
                    },
                };
            }
        }
        catch (Exception e)
        {
            await EndAsync(key, end with { End = IsRefusal(e) ? OriginWriteEnd.Refused : OriginWriteEnd.Doubtful }).ConfigureAwait(false);
            throw;
        }

        return new(true, await EndAsync(key, end).ConfigureAwait(false));
    }

    private async ValueTask<long> EndAsync(CacheKey key, EndWriteRequest end)
    {
        try
        {
            var reply = await calls.CallAsync<IEntryGrain, EndWriteRequest, OriginWriteReply>(
                key.GrainKey, end, static (entry, request) => entry.EndWriteAsync(request), IsFinal).ConfigureAwait(false);
            if (reply.Status == OriginWriteStatus.Lost && end.End != OriginWriteEnd.Refused)
            {
                // The owner died or gave the turn up. The store knows that its value is out of date; whatever was put there since may be too.
                await calls.CallAsync<IEntryGrain, RemoveRequest, WriteReply>(
                    key.GrainKey, new() { OperationId = ids.Next() }, static (entry, request) => entry.RemoveAsync(request, CancellationToken.None),
                    static reply => reply.Status is not (WriteStatus.AskAgain or WriteStatus.NotOwner or WriteStatus.Unavailable)).ConfigureAwait(false);
            }

            return reply.Version;
        }
        finally
        {
            flights.Detach(key.GrainKey);
        }
    }

    /// <summary>True when the origin has not done it. What says nothing of that, such as a timeout, a broken connection or a 500, leaves doubt.</summary>
    private static bool IsRefusal(Exception e) => e switch
    {
        HttpRequestException { StatusCode: { } status } => (int)status is >= 400 and < 500,
        HttpRequestException or IOException or TimeoutException or OperationCanceledException => false,
        _ => true,
    };

    private static bool IsFinal(OriginWriteReply reply) => reply.Status is not (OriginWriteStatus.NotOwner or OriginWriteStatus.AskAgain);
}
