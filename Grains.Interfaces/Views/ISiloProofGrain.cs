namespace OrleansCache;

/// <summary>A silo's word of its right to serve. Any key that the view gives to a silo asks that one; it answers whether it has the key or not.</summary>
[Alias("oc.proof")]
internal interface ISiloProofGrain : IGrainWithStringKey
{
    [Alias("ask")]
    ValueTask<ProofReply> AskAsync();
}

/// <summary>The answer. <c>default</c> is nobody's.</summary>
[GenerateSerializer, Immutable, Alias("oc.proofreply.v1")]
internal readonly record struct ProofReply
{
    /// <summary>Who answers, as the view names it.</summary>
    [Id(0)] public string? Silo { get; init; }

    /// <summary>The silo can prove its right, or may soon: its store answers.</summary>
    [Id(1)] public bool MayProve { get; init; }
}
