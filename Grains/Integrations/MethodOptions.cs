namespace OrleansCache;

/// <summary>A method of an integration: what is asked, and how its entries live. What is null of resilience follows the integration.</summary>
public sealed class MethodOptions : ResilienceOptions
{
    internal const int DefaultUnreadPeriods = 10;

    /// <summary>The path below the base address, with the arguments in braces: <c>countries/{code}</c>, <c>orders?status={status}&amp;page={page?}</c>. Exactly one verb is set.</summary>
    public string? Get { get; set; }

    /// <inheritdoc cref="Get"/>
    public string? Post { get; set; }

    /// <inheritdoc cref="Get"/>
    public string? Put { get; set; }

    /// <inheritdoc cref="Get"/>
    public string? Patch { get; set; }

    /// <inheritdoc cref="Get"/>
    public string? Delete { get; set; }

    /// <summary>The arguments of a method in code, an optional one with <c>?</c> at its end. Not set for HTTP, whose path names them.</summary>
    public string[]? Parameters { get; set; }

    /// <summary>Makes the method a writer: the name of the method, of the same integration, whose entry the write stands for. Its arguments must be among this one's.</summary>
    public string? Writes { get; set; }

    /// <summary>What becomes of that entry once the origin has the write; <see cref="OrleansCache.AfterWrite.Store"/> unless it is a <c>Delete</c>. Only with <see cref="Writes"/>.</summary>
    public AfterWrite? AfterWrite { get; set; }

    /// <summary>Makes the method a writer: tags that are raised once the origin has the write, or may have it, with arguments in braces: <c>status:{status}</c>. One whose optional argument is not given is left out.</summary>
    public string[]? Invalidates { get; set; }

    /// <summary>Whether a write may be repeated when nobody knows whether it was done; <c>Put</c> and <c>Delete</c> may unless this is false. Only for writers.</summary>
    public bool? Idempotent { get; set; }

    /// <summary>How the origin is asked for many values by one call; null when it takes one at a time.</summary>
    public ManyOptions? Many { get; set; }

    /// <summary>The name of a section under <c>OrleansCache:Resilience</c>, before what the integration says.</summary>
    public string? Resilience { get; set; }

    /// <summary>What happens past <see cref="FreshFor"/>.</summary>
    public Strategy Strategy { get; set; }

    /// <summary>Over zero; null never ends.</summary>
    public TimeSpan? FreshFor { get; set; }

    /// <summary>How long past fresh the value may be served while the origin is down or a refresh runs; zero or more, only with <see cref="FreshFor"/>. Default zero; with <see cref="Strategy.Eager"/> over zero, default a day.</summary>
    public TimeSpan? StaleFor { get; set; }

    /// <summary><see cref="Strategy.Eager"/> only: after so many periods of <see cref="FreshFor"/> in a row that nobody read in, refreshes end until the next read. 1 or more, default 10.</summary>
    public int UnreadPeriods { get; set; } = DefaultUnreadPeriods;

    /// <summary><see cref="Strategy.Versioned"/> only: where the version comes from.</summary>
    public MethodVersionOptions? Version { get; set; }

    /// <summary>How long the origin's 404 is remembered; zero does not.</summary>
    public TimeSpan AbsentFor { get; set; }

    /// <summary>0 to 1: fresh time is shortened by a random share up to this.</summary>
    public double Jitter { get; set; }

    /// <summary>Tags of every entry, with arguments in braces: <c>country:{code}</c>. One whose optional argument is not given is left out.</summary>
    public string[] Tags { get; set; } = [];

    /// <summary>What reads promise after writes.</summary>
    public Coherence Coherence { get; set; } = Coherence.Eventual;

    /// <summary>When a write is acknowledged.</summary>
    public Durability Durability { get; set; } = Durability.Behind;

    /// <summary>What a strict read does on a silo that can't prove its right.</summary>
    public WhenUnproven WhenUnproven { get; set; }

    /// <summary>Whether the value before the last one stays in memory, so that explain can tell what changed; where not set, with <see cref="Strategy.Eager"/>.</summary>
    public bool? KeepPrevious { get; set; }

    /// <summary>Entries of this method in a silo's memory; null for the silo's own bound.</summary>
    public long? MaxEntries { get; set; }

    /// <summary>Bytes of this method's entries in a silo's memory; null for the silo's own bound.</summary>
    public long? MaxBytes { get; set; }
}
