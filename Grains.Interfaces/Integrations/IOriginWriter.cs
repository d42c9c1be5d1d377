using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Makes a writing call of an integration. Never throws for what the origin does: that is the answer.</summary>
internal interface IOriginWriter
{
    Task<WriterAnswer> WriteAsync(string integration, WriterCall call);
}

/// <summary>Makes writing calls for clients. The grain's key is the integration's name.</summary>
/// <remarks>
/// It knows a call by its operation id while it runs and for some seconds after, so that a client may ask again. What a client has asked about in
/// vain is not begun when its first try comes late.
/// </remarks>
[Alias("oc.origin")]
internal interface IOriginWriterGrain : IGrainWithStringKey
{
    /// <summary>Begins the call, or waits for it for a slice of two seconds.</summary>
    [Alias("write")]
    ValueTask<WriterAnswer> WriteAsync(WriterCall call);
}

/// <summary>One writing call.</summary>
[GenerateSerializer, Immutable, Alias("oc.writercall.v1")]
internal readonly record struct WriterCall
{
    [Id(0)] public Guid OperationId { get; init; }

    /// <summary>True once an earlier try may have begun it: who does not know it then must not begin it.</summary>
    [Id(1)] public bool IsRepeated { get; init; }
    [Id(2)] public string Method { get; init; }

    /// <summary>Sorted by name.</summary>
    [Id(3)] public ImmutableArray<CallArgument> Arguments { get; init; }

    /// <summary>Null for none.</summary>
    [Id(4)] public byte[]? Body { get; init; }
    [Id(5)] public string? ContentType { get; init; }
    [Id(6)] public string? Encoding { get; init; }

    /// <summary>Who calls; null for nobody.</summary>
    [Id(7)] public CallerToken? Caller { get; init; }

    /// <summary>The turn in which it is made: it does not leave once that may be over. Null for a method that writes no entry.</summary>
    [Id(8)] public WriterTicket? Turn { get; init; }

    /// <summary>Tags to raise once the origin has it or may have it; default for none, and for a turn that sees to that.</summary>
    [Id(9)] public ImmutableArray<string> Invalidates { get; init; }
}

/// <summary>A turn to write, and whose it is.</summary>
/// <param name="Entry">The grain key of the entry.</param>
/// <param name="Ticket">The turn.</param>
[GenerateSerializer, Immutable, Alias("oc.writerticket.v1")]
internal sealed record WriterTicket([property: Id(0)] string Entry, [property: Id(1)] LoadTicket Ticket);

/// <summary>What the origin said to it. <c>default</c> is no answer, and says nothing of what the origin has.</summary>
[GenerateSerializer, Immutable, Alias("oc.writeranswer.v1")]
internal readonly record struct WriterAnswer : IOwnersReply
{
    [Id(0)] public WriterStatus Status { get; init; }
    [Id(1)] public OriginWriteEnd End { get; init; }
    [Id(2)] public int StatusCode { get; init; }
    [Id(3)] public byte[]? Bytes { get; init; }
    [Id(4)] public string? ContentType { get; init; }
    [Id(5)] public string? Encoding { get; init; }
    [Id(6)] public string? Location { get; init; }

    /// <summary>True when the bytes are what the entry holds from now on; else it holds nothing.</summary>
    [Id(7)] public bool IsKept { get; init; }

    /// <summary>Of the value that is kept.</summary>
    [Id(8)] public ImmutableArray<string> Tags { get; init; }

    /// <summary>Why it is not <see cref="OriginWriteEnd.Written"/>.</summary>
    [Id(9)] public LoadProblem? Problem { get; init; }

    [Id(10)] public long View { get; init; }

    /// <summary>What the call was to invalidate is invalidated, and that is durable.</summary>
    [Id(11)] public bool AreTagsRaised { get; init; }

    /// <summary>No call was made, and another try can succeed.</summary>
    public static WriterAnswer NotAsked(string message) => new()
    {
        Status = WriterStatus.Ended,
        End = OriginWriteEnd.Refused,
        Problem = new() { Kind = ProblemKind.Unavailable, Detail = "unavailable", Message = message, RetryAfterMilliseconds = 1_000 },
    };

    bool IOwnersReply.IsRefusal => Status == WriterStatus.NotOwner;
    bool IOwnersReply.IsInLine => Status == WriterStatus.Running;
}

internal enum WriterStatus : byte
{
    /// <summary>An earlier try may have begun it, and nobody here knows its end.</summary>
    Unknown = 0,

    /// <summary>The slice is over: ask again.</summary>
    Running = 1,
    Ended = 2,

    /// <summary>Nothing was begun here, and nothing will be: another silo is to make the call, or this one cannot prove that it is the one.</summary>
    NotOwner = 3,
}
