using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Polly.Timeout;

namespace OrleansCache;

/// <summary>Writes to an origin in the key's turn, and then to the cache.</summary>
internal sealed class OriginWrites(OwnerCalls calls, IGrainFactory grains, FlightTable flights, OperationIds ids, TimeProvider clock, ILogger<OriginWrites> logger)
{
    /// <summary>Runs the caller's write, and has its result take the place of the key's value.</summary>
    /// <param name="key">Whose turn it is.</param>
    /// <param name="write">Writes to the origin in the turn that it is given; what it gives is the new value.</param>
    /// <param name="encode">Makes bytes of that, with their options; null for a key that has no value from then on.</param>
    /// <param name="invalidation">What the write makes out of date beside the key; told when the turn's end has seen to it.</param>
    /// <param name="ct">Ends the wait for the turn, and is given to the write.</param>
    public async ValueTask<WriteResult> RunAsync<T>(
        CacheKey key, Func<LoadTicket, CancellationToken, ValueTask<T>> write, Func<T, Written?> encode, Invalidation invalidation, CancellationToken ct)
    {
        var ticket = await BeginAsync(key, invalidation, ct).ConfigureAwait(false);
        var end = new EndWriteRequest { Ticket = ticket, End = OriginWriteEnd.Refused };
        try
        {
            await using (new LeaseRenewal(grains.GetGrain<IEntryGrain>(key.GrainKey), ticket, clock, logger, RoutingHash.Of(key.GrainKey)).ConfigureAwait(false))
            {
                ct.ThrowIfCancellationRequested();
                end = end with { End = OriginWriteEnd.Doubtful };
                T written;
                try
                {
                    written = await write(ticket, ct).ConfigureAwait(false);
                }
                catch (Exception e) when (IsRefusal(e))
                {
                    end = end with { End = OriginWriteEnd.Refused };
                    throw;
                }
                catch (IntegrationException e) when (e.MayBeRunning)
                {
                    end = end with { End = OriginWriteEnd.Unknown };
                    throw;
                }

                if (encode(written) is { } value)
                    end = end with { End = OriginWriteEnd.Written, Value = RequestOf(value) };
            }
        }
        catch
        {
            await EndAsync(key, end, invalidation).ConfigureAwait(false);
            throw;
        }

        return new(true, await EndAsync(key, end, invalidation).ConfigureAwait(false));
    }

    private WriteRequest RequestOf(in Written written) => new()
    {
        OperationId = ids.Next(),
        Bytes = written.Value.Bytes,
        ContentType = written.Value.ContentType,
        Encoding = written.Value.Encoding,
        Lifetime = written.Options.ToWire(),
        Writer = ids.Process,
    };

    private async ValueTask<LoadTicket> BeginAsync(CacheKey key, Invalidation invalidation, CancellationToken ct)
    {
        Task<OriginWriteReply>? last = null;
        var asking = calls.CallAsync<IEntryGrain, BeginWriteRequest, OriginWriteReply>(
            key.GrainKey, new(ids.Next()) { Invalidates = invalidation.Tags }, (entry, request) => new(last = entry.BeginWriteAsync(request).AsTask()), IsFinal, ct: ct).AsTask();
        OriginWriteReply begin;
        try
        {
            begin = await asking.WaitAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            _ = GiveBackAsync();
            throw;
        }

        return begin is { Status: OriginWriteStatus.Granted, Ticket: { } ticket } ? ticket : throw new CacheUnavailableException(
            $"The key's owner cannot give a turn to write now ({begin.Detail ?? "no proof or no store"}); the origin was not asked.", TimeSpan.FromSeconds(1));

        // The turn may come all the same: who left would hold up the others until its lease ends, and leave them in doubt.
        async Task GiveBackAsync()
        {
            try
            {
                await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (last is not null && await last.ConfigureAwait(false) is { Ticket: { } ticket })
                    await EndAsync(key, new() { Ticket = ticket, End = OriginWriteEnd.Refused }, invalidation).ConfigureAwait(false);
            }
            catch (Exception e) when (OwnerCalls.IsTransient(e) || e is CacheUnavailableException)
            {
                // The lease ends by itself.
            }
        }
    }

    private async ValueTask<long> EndAsync(CacheKey key, EndWriteRequest end, Invalidation invalidation)
    {
        try
        {
            var reply = await calls.CallAsync<IEntryGrain, EndWriteRequest, OriginWriteReply>(
                key.GrainKey, end, static (entry, request) => entry.EndWriteAsync(request), IsFinal).ConfigureAwait(false);
            invalidation.IsDone |= reply.AreTagsRaised;
            if (reply.Status == OriginWriteStatus.Lost && end.End != OriginWriteEnd.Refused)
            {
                // The turn ended before its time. The store knew that its value is out of date; whatever was put there since may be too.
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

    /// <summary>
    /// True when the origin has not done it. What says nothing of that leaves doubt: a timeout, a cancellation, a broken connection, a 500, an
    /// error of a database.
    /// </summary>
    private static bool IsRefusal(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is IntegrationException integration)
                return !integration.MayHaveHappened;
            if (cause is HttpRequestException { StatusCode: { } status })
                return (int)status is >= 400 and < 500;
            if (cause is HttpRequestException or IOException or SocketException or TimeoutException or TimeoutRejectedException or OperationCanceledException or DbException)
                return false;
        }

        return true;
    }

    private static bool IsFinal(OriginWriteReply reply) => reply.Status is not (OriginWriteStatus.NotOwner or OriginWriteStatus.AskAgain or OriginWriteStatus.InLine);
}

/// <summary>What a key holds after a write to its origin.</summary>
internal readonly record struct Written(RawValue Value, EntryOptions Options);
