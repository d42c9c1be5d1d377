using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Reads of a method that has a version: it is asked for before a value is served, once for all who ask at the same time.</summary>
internal sealed partial class Entry
{
    private bool AsksVersion(in ReadRequest request) => request is { Load: LoadMode.Declared, OriginVersion: null } && _policy.Version is not null && !IsCycle(request);

    private async ValueTask<ReadReply> ReadVersionedAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        if (await NotReadyAsync(request.Load, slice, cancellationToken) is { } refusal)
            return refusal;
        if (_policy.Version is null)
            return await ReadSlowlyAsync(request, cancellationToken);

        // What is remembered judges what is there and waits for loads of its version; a load that this read makes is of an answer of its own.
        var (policy, versions) = (_policy, _services.Versions);
        var left = versions.Take(policy, request.OperationId, _key);
        var answer = left is { IsRemembered: false, Version: { } version } ? new VersionAnswer(version, null) : null;
        var known = left is { IsRemembered: true } ? left : request.Session is { } its ? versions.Find(policy, its, _key) : null;
        if (known is null)
        {
            answer ??= await AskVersionAsync(request, slice, cancellationToken);
            if (answer is null)
                return Reply(ReadStatus.AskAgain);
            if (request.Session is { } session && answer.Problem is null)
                versions.Keep(policy, session, _key, new(answer.Version));
        }
        else
        {
            var reply = await ReadByAsync(request, known.Value with { IsRemembered = true }, slice, cancellationToken);
            if (reply.Status != ReadStatus.AskVersion)
                return reply;
            if (_policy.Version is not null)
                answer ??= await AskVersionAsync(request, slice, cancellationToken);
            if (answer is null)
                return Reply(ReadStatus.AskAgain);
        }

        if (answer.Problem is not { } problem)
            return await ReadByAsync(request, new(answer.Version, known?.Seen ?? 0), slice, cancellationToken);
        if (policy.Version.OnFailure == OnVersionFailure.Fail)
            return Failed(problem, EntryReason.VersionUnknown);
        var any = await ReadByAsync(request with { Session = null }, new(policy.Version.OnFailure == OnVersionFailure.Serve ? null : answer.Version), slice, cancellationToken);
        return any.Status == ReadStatus.Hit ? any with { Status = ReadStatus.Stale, Problem = problem } : any;
    }

    private async ValueTask<ReadReply> ReadByAsync(ReadRequest request, VersionWanted wanted, Slice slice, CancellationToken cancellationToken)
    {
        var by = (request with { WaitMilliseconds = (int)Math.Max(1, slice.Left.TotalMilliseconds) }).By(wanted);
        var reply = TryAnswer(by, out var atOnce) ? atOnce : await ReadSlowlyAsync(by, cancellationToken);
        if (_policy.Version is null)
            return reply;
        reply = reply with { DecidedAfterMilliseconds = Math.Min(0, reply.DecidedAfterMilliseconds) };        // it goes by a version from before
        if (reply.Status == ReadStatus.AskAgain && wanted.Version is not null)
            _services.Versions.Leave(_policy, request.OperationId, _key, wanted with { IsRemembered = true });
        else if (request.Session is { } session && reply is { Status: ReadStatus.Hit or ReadStatus.Loaded or ReadStatus.Joined, Value: { } value })
            _services.Versions.Keep(_policy, session, _key, wanted with { Seen = value.LastRetrieved });
        return reply;
    }

    /// <summary>A load that somebody asks for is of the version from before it, as any other.</summary>
    private async ValueTask<ReadReply> ReloadVersionedAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        if (await NotReadyAsync(request.Load, slice, cancellationToken) is { } refusal)
            return refusal;
        if (_policy.Version is null)
            return await ReloadAsync(request, cancellationToken);
        var policy = _policy;
        var answer = _services.Versions.Take(policy, request.OperationId, _key) is { Version: { } version } ? new(version, null) : await AskVersionAsync(request, slice, cancellationToken);
        if (answer is null)
            return Reply(ReadStatus.AskAgain);
        _services.Versions.Leave(policy, request.OperationId, _key, new(answer.Version));
        return await ReloadAsync(request with { OriginVersion = answer.Version, WaitMilliseconds = (int)Math.Max(1, slice.Left.TotalMilliseconds) }, cancellationToken);
    }

    /// <summary>The answer of the question in flight, or of a new one; null when it has none in time.</summary>
    private async ValueTask<VersionAnswer?> AskVersionAsync(ReadRequest request, Slice slice, CancellationToken cancellationToken)
    {
        var question = Tasks.Question ??= Ask(request);
        if (await Waits.EndsAsync(question.Done, slice.Left, _services.Time, cancellationToken))
            return await question.Done;
        question.Remember(request.OperationId);
        return null;
    }

    private VersionQuestion Ask(in ReadRequest request)
    {
        var policy = _policy;
        var given = request.Arguments.IsDefault ? ArgumentKey.Parse(CacheKey.OfGrain(_key).Key) : request.Arguments;
        var question = new VersionQuestion
        {
            Done = given is { } arguments
                ? AnswerAsync(policy, [.. arguments.Where(argument => policy.Version!.Parameters.Any(parameter => parameter.Name == argument.Name))], request.Caller)
                : Task.FromResult(VersionQuestion.Of(LoadResult.Failure(BadCall(isUnreadable: true)), policy.Version!)),
        };
        _ = EndAsync(question, policy);
        return question;
    }

    private async Task<VersionAnswer> AnswerAsync(RegionPolicy policy, ImmutableArray<CallArgument> arguments, CallerToken? caller)
    {
        var call = new OriginCall { Policy = policy with { Method = policy.Version!.Method }, Arguments = arguments, Caller = caller };
        return VersionQuestion.Of(await CallOriginAsync(call, CancellationToken.None), policy.Version);
    }

    private async Task EndAsync(VersionQuestion question, RegionPolicy policy)
    {
        await Task.Yield();     // it is the entry's before it ends
        var answer = await question.Done;
        if (_tasks is { } tasks && tasks.Question == question)
            tasks.Question = null;
        foreach (var operation in answer.Problem is null ? question.Waiting : [])
            _services.Versions.Leave(policy, operation, _key, new(answer.Version));
        Settle();
    }
}
