namespace OrleansCache;

/// <summary>What a limiter must know after a crash. Bounded in size, rounded so that it counts too much and never too little.</summary>
[GenerateSerializer, Alias("oc.limiterrecord.v1")]
internal sealed class LimiterState
{
    /// <summary>The permits given, by window; see <see cref="WindowRecord"/>.</summary>
    [Id(0)] public byte[] Windows { get; set; } = [];

    /// <summary>Permits that may have been given since. After a crash all of them count, as given at the restart.</summary>
    [Id(1)] public long Open { get; set; }

    /// <summary>The latest that cluster time can have been when this was written, in microseconds since 1970-01-01 UTC.</summary>
    [Id(2)] public long WrittenAt { get; set; }

    /// <summary>The end of a pause, in the same time; 0 for none.</summary>
    [Id(3)] public long PausedUntil { get; set; }
}
