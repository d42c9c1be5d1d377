using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <inheritdoc/>
internal sealed class IntegrationWrites(Catalog catalog, OriginWrites turns, IOriginWriter writer, IRawCache cache, OperationIds ids, ILogger<IntegrationWrites> logger) : IIntegrationWrites
{
    public async ValueTask<IntegrationWrite> RunAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, WriterBody body, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (body.Bytes is { Length: > ValueCodecs.MaxBytes } bytes)
            throw new ArgumentException(ValueCodecs.TooLarge($"The body for '{integration}/{method}'", bytes.Length), nameof(body));
        var target = await catalog.BindWriteAsync(integration, method, args, body.Verb, ct).ConfigureAwait(false);
        if (target.Problem is not null)
        {
            // The description may be older than the configuration that knows this call.
            catalog.Forget(integration);
            target = await catalog.BindWriteAsync(integration, method, args, body.Verb, ct).ConfigureAwait(false);
        }

        if (target.Problem is { } problem)
            return new(new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Refused, Problem = problem }, 0);
        foreach (var tag in target.Invalidates)
            EntryOptionRules.CheckedTag(tag);
        return await RunAsync(integration, target, new()
        {
            OperationId = ids.Next(),
            Method = method,
            Arguments = target.Arguments,
            Body = body.Bytes,
            ContentType = body.ContentType,
            Encoding = body.Encoding,
            Caller = body.Caller,
        }, ct).ConfigureAwait(false);
    }

    private async ValueTask<IntegrationWrite> RunAsync(string integration, WriteTarget target, WriterCall call, CancellationToken ct)
    {
        var (answer, version) = (default(WriterAnswer), 0L);
        var invalidation = new Invalidation(target.Invalidates);
        try
        {
            if (target.Entry is { } entry)
                version = (await turns.RunAsync(entry, (turn, _) => AskAsync(call with { Turn = new(entry.GrainKey, turn) }), KeptOf, invalidation, ct).ConfigureAwait(false)).Version;
            else
                await AskAsync(call with { Invalidates = invalidation.Tags }).ConfigureAwait(false);
        }
        catch (IntegrationException e) when (ReferenceEquals(e.Problem, answer.Problem))
        {
            // The answer says it.
        }
        catch (Exception) when (answer is { Status: WriterStatus.Ended, End: not OriginWriteEnd.Refused })
        {
            await RaiseAsync(invalidation).ConfigureAwait(false);
            throw;
        }

        if (answer.End != OriginWriteEnd.Refused)
            await RaiseAsync(invalidation).ConfigureAwait(false);
        return new(answer, version);

        async ValueTask<WriterAnswer> AskAsync(WriterCall asked)
        {
            answer = await writer.WriteAsync(integration, asked).ConfigureAwait(false);
            invalidation.IsDone |= answer.AreTagsRaised;
            return answer.Problem is null ? answer : throw new IntegrationException(answer.Problem)
            {
                MayHaveHappened = answer.End != OriginWriteEnd.Refused,
                MayBeRunning = answer.End == OriginWriteEnd.Unknown,
            };
        }
    }

    // A tag that no raise can name hits nothing, and the origin has the write.
    private static Written? KeptOf(WriterAnswer answer) =>
        answer.IsKept ? new(new(answer.Bytes ?? [], answer.ContentType, answer.Encoding), new EntryOptions { Tags = [.. answer.Tags.Where(EntryOptionRules.IsTag)] }) : null;

    private async ValueTask RaiseAsync(Invalidation invalidation)
    {
        if (invalidation.IsDone)
            return;
        try
        {
            await cache.RemoveByTagAsync(invalidation.Tags, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CacheUnavailableException e)
        {
            logger.NotInvalidated(e);
            throw new CacheUnavailableException($"The origin has the write, or may have it, and what it makes out of date could not be invalidated: {e.Message}", e);
        }
    }
}
