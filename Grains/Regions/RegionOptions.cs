namespace OrleansCache;

/// <summary>How the entries of a plain region behave. Section <c>OrleansCache:Regions:{name}</c>; what is null follows <c>Regions:default</c>.</summary>
public sealed class RegionOptions
{
    /// <summary>What reads promise after writes. Default of <c>default</c>: <see cref="Coherence.Strict"/>.</summary>
    public Coherence? Coherence { get; set; }

    /// <summary>When a write is acknowledged. Default of <c>default</c>: <see cref="Durability.Through"/>.</summary>
    public Durability? Durability { get; set; }

    /// <summary>What happens past <see cref="FreshFor"/>.</summary>
    public Strategy? Strategy { get; set; }

    /// <summary>Over zero; null never ends.</summary>
    public TimeSpan? FreshFor { get; set; }

    /// <summary>Zero or more, only with <see cref="FreshFor"/>.</summary>
    public TimeSpan? StaleFor { get; set; }

    /// <summary>How long absence is remembered; zero does not.</summary>
    public TimeSpan? AbsentFor { get; set; }

    /// <summary>0 to 1: fresh time is shortened by a random share up to this.</summary>
    public double? Jitter { get; set; }

    /// <summary>Entries of this region in a silo's memory, 1 or more; null for the silo's own bound.</summary>
    public long? MaxEntries { get; set; }

    /// <summary>Bytes of this region's entries in a silo's memory, 1 or more; null for the silo's own bound.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Whether the value before the last one stays in memory, so that explain can tell what changed. Default of <c>default</c>: false.</summary>
    public bool? KeepPrevious { get; set; }

    /// <summary>What a strict read does on a silo that can't prove its right.</summary>
    public WhenUnproven? WhenUnproven { get; set; }
}
