using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What a load gave, leased or declared.</summary>
internal sealed record LoadResult
{
    public LoadOutcome Outcome { get; init; }
    public byte[] Bytes { get; init; } = [];
    public string? ContentType { get; init; }
    public string? Encoding { get; init; }
    public string? OriginETag { get; init; }
    public string? OriginLastModified { get; init; }
    public EntryLifetime? Lifetime { get; init; }
    public ImmutableArray<string> Tags { get; init; } = [];
    public LoadProblem? Problem { get; init; }
    public Guid OperationId { get; init; }

    /// <summary>The origin's version from before the load began; null when it was not asked for.</summary>
    public string? OriginVersion { get; init; }

    /// <summary>The content that <see cref="Same"/> was found for; null when nothing was compared.</summary>
    public EntryContent? ComparedTo { get; init; }
    public bool Same { get; init; }

    public static LoadResult Of(in LoadCompletion completion) => new()
    {
        Outcome = completion.Kind switch
        {
            LoadResultKind.Value => LoadOutcome.Value,
            LoadResultKind.Absent => LoadOutcome.Absent,
            LoadResultKind.DoNotStore => LoadOutcome.DoNotStore,
            _ => completion.Problem is null ? LoadOutcome.GivenUp : LoadOutcome.Failed,
        },
        Bytes = completion.Bytes ?? [],
        ContentType = EntryContent.Shared(completion.ContentType),
        Encoding = completion.Encoding,
        OriginETag = completion.ETag,
        OriginLastModified = completion.LastModified,
        Lifetime = completion.Lifetime,
        Tags = completion.Lifetime?.Tags is { IsDefault: false } tags ? tags : [],
        Problem = completion.Problem,
        OperationId = completion.OperationId,
    };

    public static LoadResult Of(OriginResult result) => new()
    {
        Outcome = result.Kind switch
        {
            OriginResultKind.Value => LoadOutcome.Value,
            OriginResultKind.NotModified => LoadOutcome.NotModified,
            OriginResultKind.Absent => LoadOutcome.Absent,
            _ => LoadOutcome.Failed,
        },
        Bytes = result.Bytes,
        ContentType = EntryContent.Shared(result.ContentType),
        Encoding = result.Encoding,
        OriginETag = result.ETag,
        OriginLastModified = result.LastModified,
        Lifetime = result.Lifetime,
        Tags = result.Tags.IsDefault ? [] : result.Tags,
        Problem = result.Problem,
        OperationId = Guid.NewGuid(),
    };

    public static LoadResult Failure(LoadProblem? problem) =>
        new() { Outcome = problem is null ? LoadOutcome.GivenUp : LoadOutcome.Failed, Problem = problem };
}

internal enum LoadOutcome : byte
{
    Failed = 0,
    Value = 1,
    NotModified = 2,
    Absent = 3,

    /// <summary>For those who wait, not to be kept.</summary>
    DoNotStore = 4,

    /// <summary>Ended without a call: the next who asks loads.</summary>
    GivenUp = 5,
}
