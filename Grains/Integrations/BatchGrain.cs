using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One call for many keys, made when it is first asked for. Where it is asked for again after its silo died, it is made again.</summary>
[Reentrant, GrainType(OwnedGrains.Batch)]
internal sealed class BatchGrain(IOriginCaller origin, IRegionPolicies policies, IOwnership ownership, TimeProvider time) : Grain, IBatchGrain
{
    /// <summary>Who lost the answer may ask for it this long.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    private Task<ImmutableArray<LoadCompletion>>? _call;

    public async ValueTask<BatchReply> CallAsync(BatchRequest request)
    {
        var call = _call ??= RunAsync(request);
        return await Waits.EndsAsync(call, Slice.Of(time, request.WaitMilliseconds).Left, time, CancellationToken.None)
            ? new() { IsDone = true, Items = await call, View = ownership.View }
            : new() { View = ownership.View };
    }

    private async Task<ImmutableArray<LoadCompletion>> RunAsync(BatchRequest request)
    {
        try
        {
            return [.. (await origin.CallManyAsync(policies.For(request.Region), request.Items, request.Caller, CancellationToken.None)).Select(CompletionOf)];
        }
#pragma warning disable CA1031 // Code of an integration may throw anything; those who wait get a problem.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var failed = new LoadCompletion { Problem = new() { Kind = ProblemKind.OriginFailed, Detail = "origin-error", Message = e.Message } };
            return [.. request.Items.Select(_ => failed)];
        }
        finally
        {
            _ = LeaveLaterAsync();
        }
    }

    private async Task LeaveLaterAsync()
    {
        await Task.Delay(Kept, time);
        DeactivateOnIdle();
    }

    private static LoadCompletion CompletionOf(OriginResult result) => new()
    {
        Kind = result.Kind switch
        {
            OriginResultKind.Value => LoadResultKind.Value,
            OriginResultKind.Absent => LoadResultKind.Absent,
            _ => LoadResultKind.Failed,
        },
        Bytes = result.Bytes,
        ContentType = result.ContentType,
        Encoding = result.Encoding,
        ETag = result.ETag,
        LastModified = result.LastModified,
        Lifetime = (result.Lifetime ?? new()) with { Tags = result.Tags.IsDefault ? [] : result.Tags },
        Problem = result.Problem,
    };
}
