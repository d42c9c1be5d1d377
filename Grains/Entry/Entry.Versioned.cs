using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Reads of a method that has a version: it is asked for before a value is served, once for all who ask at the same time.</summary>
internal sealed partial class Entry
{
    private bool AsksVersion(in ReadRequest request) => request is { Load: LoadMode.Declared, OriginVersion: null } && _policy.Version is not null && !IsCycle(request);

    private async ValueTask<ReadReply> ReadVersionedAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        if (await NotReadyAsync(request.Load, cancellationToken) is { } refusal)
            return refusal;
        if (_policy.Version is null)
            return await ReadSlowlyAsync(request, cancellationToken);

        // Outside of a session a read that is repeated is one of its own.
        var reader = request.Session ?? request.OperationId.ToString("N");
        var known = _services.Versions.Find(_policy, reader, _key);
        var answer = known is { Version: { } version } ? new(version, null) : await AskVersionAsync(request, reader, slice, cancellationToken);
        if (answer is null)
            return Reply(ReadStatus.AskAgain);
        var policy = _policy.Version;
        if (answer.Problem is { } problem && policy.OnFailure == OnVersionFailure.Fail)
            return Failed(problem, EntryReason.VersionUnknown);

        var wanted = answer.Problem is not null && policy.OnFailure == OnVersionFailure.Serve ? default : known ?? new(answer.Version);
        if (request.Session is not null && answer.Problem is null)
            wanted = _services.Versions.Keep(_policy, reader, _key, wanted);
        var left = request with { OriginVersion = wanted.Version, Seen = wanted.Seen, WaitMilliseconds = (int)Math.Max(1, slice.Left.TotalMilliseconds) };
        var reply = TryAnswer(left, out var atOnce) ? atOnce : await ReadSlowlyAsync(left, cancellationToken);
        if (reply.Status == ReadStatus.AskAgain && wanted.Version is not null)
            _services.Versions.Keep(_policy, reader, _key, wanted);
        else if (answer.Problem is not null && reply.Status == ReadStatus.Hit)
            return reply with { Status = ReadStatus.Stale, Problem = answer.Problem };
        else if (request.Session is not null && answer.Problem is null && reply is { Status: ReadStatus.Hit or ReadStatus.Loaded or ReadStatus.Joined, Value: { } value })
            _services.Versions.Keep(_policy, reader, _key, wanted with { Seen = value.LastRetrieved });
        return reply;
    }

    /// <summary>A load that somebody asks for is of the version from before it, as any other.</summary>
    private async ValueTask<ReadReply> ReloadVersionedAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        if (await NotReadyAsync(request.Load, cancellationToken) is { } refusal)
            return refusal;
        if (_policy.Version is null)
            return await ReloadAsync(request, cancellationToken);
        var reader = request.OperationId.ToString("N");
        var answer = _services.Versions.Find(_policy, reader, _key) is { Version: { } version } ? new(version, null) : await AskVersionAsync(request, reader, slice, cancellationToken);
        if (answer is null)
            return Reply(ReadStatus.AskAgain);
        _services.Versions.Keep(_policy, reader, _key, new(answer.Version));
        return await ReloadAsync(request with { OriginVersion = answer.Version, WaitMilliseconds = (int)Math.Max(1, slice.Left.TotalMilliseconds) }, cancellationToken);
    }

    /// <summary>The answer of the question in flight, or of a new one; null when it has none in time.</summary>
    private async ValueTask<VersionAnswer?> AskVersionAsync(ReadRequest request, string reader, Slice slice, CancellationToken cancellationToken)
    {
        var question = Tasks.Question ??= Ask(request);
        if (await Waits.EndsAsync(question.Done, slice.Left, _services.Time, cancellationToken))
            return await question.Done;
        question.Remember(reader);
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
        foreach (var reader in answer.Problem is null ? question.Waiting : [])
            _services.Versions.Keep(policy, reader, _key, new(answer.Version));
        Settle();
    }
}
