namespace OrleansCache;

/// <summary>Tells clients which silos serve and who has which key. Every silo answers for itself, whatever the grain's key.</summary>
[Alias("oc.view")]
internal interface ISiloViewGrain : IGrainWithStringKey
{
    /// <summary>Answers when the silo goes by a view newer than <paramref name="known"/>, or at the end of the wait.</summary>
    /// <param name="known">The view that the caller goes by; 0 for none.</param>
    /// <param name="heard">The highest view that the caller heard of: a silo that has an older one looks at once.</param>
    /// <param name="waitMilliseconds">How long to wait, at most a slice of two seconds.</param>
    [Alias("read")]
    ValueTask<ViewReply> ReadAsync(long known, long heard, int waitMilliseconds);
}

/// <summary>The view that a silo goes by. <c>default</c>: it serves alone, and there are no views.</summary>
[GenerateSerializer, Immutable, Alias("oc.viewreply.v1")]
internal readonly record struct ViewReply
{
    /// <summary>Its number.</summary>
    [Id(0)] public long Number { get; init; }

    /// <summary>The view as it is stored, in JSON; null when it is not newer than the caller's.</summary>
    [Id(1)] public byte[]? View { get; init; }
}
