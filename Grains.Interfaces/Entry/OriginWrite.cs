using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Asks for a key's turn to write to its origin. Repeating it with the same operation id gives the same turn.</summary>
[GenerateSerializer, Immutable, Alias("oc.beginwrite.v1")]
internal readonly record struct BeginWriteRequest([property: Id(0)] Guid OperationId)
{
    /// <summary>Tags of what the write makes out of date. They are raised when the turn ends, whoever is left to end it; default for none.</summary>
    [Id(1)] public ImmutableArray<string> Invalidates { get; init; }
}

/// <summary>The end of a write to the origin. Repeating it changes nothing more.</summary>
[GenerateSerializer, Immutable, Alias("oc.endwrite.v1")]
internal readonly record struct EndWriteRequest
{
    [Id(0)] public LoadTicket Ticket { get; init; }
    [Id(1)] public OriginWriteEnd End { get; init; }

    /// <summary>What the key's value becomes, for <see cref="OriginWriteEnd.Written"/>.</summary>
    [Id(2)] public WriteRequest Value { get; init; }
}

internal enum OriginWriteEnd : byte
{
    /// <summary>The origin may have it or not: nobody may be given the old value any more.</summary>
    Doubtful = 0,
    Written = 1,

    /// <summary>The origin refused: the old value stands.</summary>
    Refused = 2,

    /// <summary>As <see cref="Doubtful"/>, and somebody may still be asking the origin: the turn lasts until nobody holds it.</summary>
    Unknown = 3,
}

/// <summary>The answer to all. <c>default</c> is no answer of the key's owner.</summary>
[GenerateSerializer, Immutable, Alias("oc.originwrite.v1")]
internal readonly record struct OriginWriteReply : IOwnersReply
{
    [Id(0)] public OriginWriteStatus Status { get; init; }

    /// <summary>The turn; its holder renews it at a third of its time.</summary>
    [Id(1)] public LoadTicket? Ticket { get; init; }

    /// <summary>Of the new value; 0 when the key has none.</summary>
    [Id(2)] public long Version { get; init; }
    [Id(3)] public long View { get; init; }
    [Id(4)] public string? Detail { get; init; }

    /// <summary>What the turn invalidates is invalidated, and that is durable. False where the holder has to see to it.</summary>
    [Id(5)] public bool AreTagsRaised { get; init; }

    bool IOwnersReply.IsRefusal => Status == OriginWriteStatus.NotOwner;
    bool IOwnersReply.IsInLine => Status == OriginWriteStatus.InLine;
}

internal enum OriginWriteStatus : byte
{
    NotOwner = 0,

    /// <summary>The slice is over: repeat it.</summary>
    AskAgain = 1,

    /// <summary>The caller has the turn.</summary>
    Granted = 2,

    /// <summary>The turn is over, and the key is as the end asked for.</summary>
    Ended = 3,

    /// <summary>The turn is over, and the key has no value: something else changed it meanwhile, or the end was in doubt.</summary>
    Dropped = 4,

    /// <summary>The turn was lost before its end was told. What the key has is not known here.</summary>
    Lost = 5,

    /// <summary>The owner has no proof or no store, or too many wait. A turn was not given; one that was at its end has dropped the value.</summary>
    Unavailable = 6,

    /// <summary>The slice is over, and others have their turn first: repeat it.</summary>
    InLine = 7,
}
