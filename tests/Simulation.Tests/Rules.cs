namespace OrleansCache.Simulation.Tests;

/// <summary>Which of the rules that keep the promises are in force. All are in the product; a test drops one to see that it is missed.</summary>
internal sealed record Rules
{
    public static Rules All { get; } = new();

    /// <summary>A member is removed only after its lease was watched unrenewed for longer than it is good for.</summary>
    public bool Outwait { get; init; } = true;

    /// <summary>A gained key is served only when all members have sealed the view.</summary>
    public bool Seal { get; init; } = true;

    /// <summary>The clock is compared with the lease before an answer.</summary>
    public bool Fence { get; init; } = true;

    /// <summary>The lease counts from before the renewal was sent.</summary>
    public bool CountFromSending { get; init; } = true;

    /// <summary>An activation's read raises the record's epoch.</summary>
    public bool RaiseEpoch { get; init; } = true;

    /// <summary>An activation's first version is acknowledged when it is in the past for certain.</summary>
    public bool CommitWait { get; init; } = true;

    /// <summary>A removal is in the store before it is acknowledged.</summary>
    public bool RemoveThrough { get; init; } = true;

    /// <summary>A store that was started again, or took over, may have lost views.</summary>
    public bool NoticeRestart { get; init; } = true;

    /// <summary>After a beginning there is no fence for a whole lease.</summary>
    public bool WaitOutBeginning { get; init; } = true;

    /// <summary>A beginning takes its number from the store's time.</summary>
    public bool NumberByTime { get; init; } = true;

    /// <summary>After a beginning an activation finds out what the store still has.</summary>
    public bool ReadAfterBeginning { get; init; } = true;

    /// <summary>A write whose end is unknown may arrive later.</summary>
    public bool ExpectLateWrites { get; init; } = true;

    /// <summary>The store has the record of a chunk of permits before one of them is granted.</summary>
    public bool RecordBeforeGrant { get; init; } = true;

    /// <summary>What a record left open counts as granted.</summary>
    public bool CountOpenChunk { get; init; } = true;

    /// <summary>A limiter that another silo had is opened anew.</summary>
    public bool ReopenLimiter { get; init; } = true;

    /// <summary>An activation ends when its silo lost the key, if only for one view.</summary>
    public bool EndOnEpoch { get; init; } = true;
}
