using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Loads by an integration of the silo, run outside the grain's turns.</summary>
internal sealed partial class Entry
{
    private LoadFlight BeginDeclared(in ReadRequest request, bool background)
    {
        var flight = Begin(leased: false, request, limiter: null);
        var arguments = request.Arguments.IsDefault ? ArgumentKey.Parse(CacheKey.OfGrain(_key).Key) : request.Arguments;
        _ = RunDeclaredAsync(flight, arguments, background, request.Caller);
        return flight;
    }

    private async Task RunDeclaredAsync(LoadFlight flight, ImmutableArray<CallArgument>? arguments, bool background, CallerToken? caller)
    {
        using var cancellation = new CancellationTokenSource();
        flight.Cancellation = cancellation;
        var result = arguments is { } bound && _policy.Integration is not null
            ? await CallOriginAsync(bound, background, caller, cancellation.Token)
            : LoadResult.Failure(BadCall(arguments is null));
        flight.Cancellation = null;
        if (!flight.Done.IsCompleted)
            await EndAsync(flight, result);
    }

    private async Task<LoadResult> CallOriginAsync(ImmutableArray<CallArgument> arguments, bool background, CallerToken? caller, CancellationToken cancellationToken)
    {
        var basis = _state.Content;
        return await CallOriginAsync(
            new()
            {
                Policy = _policy,
                Arguments = arguments,
                Background = background,
                ETag = basis?.OriginETag,
                LastModified = basis?.OriginLastModified,
                Caller = caller,
            },
            cancellationToken);
    }

    private async Task<LoadResult> CallOriginAsync(OriginCall call, CancellationToken cancellationToken)
    {
        var origin = _services.Origin;
        try
        {
            return LoadResult.Of(await Task.Run(() => origin.CallAsync(call, cancellationToken), cancellationToken));
        }
#pragma warning disable CA1031 // Code of an integration may throw anything; those who wait get a problem.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (e is not OperationCanceledException)
                _services.Log.OriginThrew(e, _policy.Integration, _hash);
            return LoadResult.Failure(new() { Kind = ProblemKind.OriginFailed, Detail = "origin-error", Message = e.Message });
        }
    }

    /// <summary>A refresh wants a load that began after it was asked for: it waits for an older one to end, and shares the next.</summary>
    private async ValueTask<ReadReply> ReloadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        var arrival = Arrival;
        var before = _state.Loads;
        while (true)
        {
            if (await NotReadyAsync(LoadMode.Declared, slice, cancellationToken) is { } refusal)
                return refusal;
            if (_tasks?.Ended is { } ended && ended.Remembers(request.OperationId) && AnswerOf(ended, await ended.Done, request, arrival, slice) is { } kept)
                return kept;

            var flight = Joinable() ?? BeginDeclared(request, background: false);
            var isMine = flight.Load.Number > before || flight.Remembers(request.OperationId);
            if (isMine)
            {
                if (await WaitAsync(flight, request, slice, arrival, cancellationToken) is { } answer)
                    return answer;
            }
            else if (!await Waits.EndsAsync(flight.Done, slice.Left, _services.Time, cancellationToken))
            {
                return Reply(ReadStatus.AskAgain);
            }
        }
    }

    private LoadProblem BadCall(bool isUnreadable) => new()
    {
        Kind = ProblemKind.BadCall,
        Detail = "bad-call",
        Message = isUnreadable
            ? "The key is a hash or no argument list; give the arguments with the call."
            : $"The region '{_policy.Region}' names no integration method; ask for a leased load instead.",
    };
}
