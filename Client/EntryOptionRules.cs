using System.Text;

namespace OrleansCache;

/// <summary>Options of an entry, checked, and in the form that travels.</summary>
internal static class EntryOptionRules
{
    private const int MaxTagBytes = 256;
    private static readonly EntryOptions None = new();

    /// <exception cref="ArgumentException">A value is out of its range.</exception>
    public static EntryOptions Checked(EntryOptions? options)
    {
        if (options is null || ReferenceEquals(options, None))
            return None;
        if (options.FreshFor is { } fresh && fresh <= TimeSpan.Zero && fresh != Timeout.InfiniteTimeSpan)
            throw Wrong(nameof(EntryOptions.FreshFor), fresh, "set it over zero, or to Timeout.InfiniteTimeSpan for no end");
        if (options.StaleFor is { } stale && stale < TimeSpan.Zero && stale != Timeout.InfiniteTimeSpan)
            throw Wrong(nameof(EntryOptions.StaleFor), stale, "set it to zero or more");
        if (options.Jitter is { } jitter && !(jitter is >= 0 and <= 1))
            throw Wrong(nameof(EntryOptions.Jitter), jitter, "set it between 0 and 1");
        if (options.AbsentFor is { } absent && absent < TimeSpan.Zero && absent != Timeout.InfiniteTimeSpan)
            throw Wrong(nameof(EntryOptions.AbsentFor), absent, "set it to zero or more");
        if (options.Sliding is { } sliding && sliding <= TimeSpan.Zero)
            throw Wrong(nameof(EntryOptions.Sliding), sliding, "set it over zero");
        if (options.Strategy is { } kind and not (Strategy.Ttl or Strategy.Background or Strategy.Versioned))
            throw Wrong(nameof(EntryOptions.Strategy), kind, "set Ttl, Background or Versioned: no other can be kept without the caller, so it is for methods that a silo is configured with");
        if (options.Strategy is Strategy.Versioned && options is not CacheStrategy)
            throw Wrong(nameof(EntryOptions.Strategy), options.Strategy, "give a CacheStrategy.Versioned, which has the function to ask");
        if (options.Limiter is { Length: 0 })
            throw Wrong(nameof(EntryOptions.Limiter), "\"\"", "name an integration, or leave it null");
        foreach (var tag in options.Tags ?? [])
            CheckedTag(tag);
        if (options is CacheStrategy strategy)
            Check(strategy);
        return options;
    }

    private static void Check(CacheStrategy strategy)
    {
        if (strategy is { Strategy: Strategy.Background, FreshFor: null })
            throw new ArgumentException("CacheStrategy.FreshFor is not set; Background refreshes past it: set a time, or another Strategy.");
        if (strategy.Strategy is Strategy.Background && strategy.StaleFor is null or { Ticks: 0 })
            throw new ArgumentException("CacheStrategy.StaleFor is not set; Background serves the old value that long past FreshFor: set a time, or Strategy to Ttl.");
        if (strategy is { Strategy: Strategy.Versioned, Version: null })
            throw new ArgumentException("CacheStrategy.Version is not set; Versioned asks it before a value is served: give the function, or another Strategy.");
        if (strategy is { Strategy: null, Version: not null })
            throw new ArgumentException("CacheStrategy.Strategy is not set, so that Version would never be asked: set it to Versioned.");
        if (strategy.SessionVersions < 1)
            throw WrongStrategy(nameof(CacheStrategy.SessionVersions), strategy.SessionVersions, "set it to 1 or more");
        CheckTimeout(nameof(CacheStrategy.Timeout), strategy.Timeout);
        CheckTimeout(nameof(CacheStrategy.AttemptTimeout), strategy.AttemptTimeout);
        if (strategy.AttemptTimeout > strategy.Timeout)
            throw WrongStrategy(nameof(CacheStrategy.AttemptTimeout), strategy.AttemptTimeout, "set it to at most Timeout");
    }

    private static void CheckTimeout(string field, TimeSpan? timeout)
    {
        if (timeout < ResilienceRules.LeastTimeout || timeout > ResilienceRules.MostTimeout)
            throw WrongStrategy(field, timeout, $"set it between {ResilienceRules.LeastTimeout:c} and {ResilienceRules.MostTimeout:c}, or leave it null for no limit");
    }

    /// <summary>False for what <see cref="CheckedTag"/> refuses.</summary>
    public static bool IsTag(string tag)
    {
        try
        {
            CheckedTag(tag);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public static string CheckedTag(string tag)
    {
        if (string.IsNullOrWhiteSpace(tag))
            throw new ArgumentException("A tag is empty; give it a name.", nameof(tag));
        var text = KeyText.Normalised(tag, "tag");
        if (Encoding.UTF8.GetByteCount(text) is var bytes and > MaxTagBytes)
            throw new ArgumentException($"The tag '{text[..32]}…' is {bytes} bytes of UTF-8; use at most {MaxTagBytes}.", nameof(tag));
        if (text.Any(static c => c == ',' || char.IsControl(c)))
            throw new ArgumentException($"The tag '{text}' has a comma or a control character; leave it out, or make the tag with CacheTag.Of, which encodes an argument's.", nameof(tag));
        return text;
    }

    /// <summary>Null when everything follows the region.</summary>
    /// <param name="options">The caller's.</param>
    /// <param name="context">What the load itself said, which goes before them; null for a write.</param>
    public static EntryLifetime? ToWire(this EntryOptions options, LoadContext? context = null)
    {
        var wire = new EntryLifetime
        {
            FreshMilliseconds = Milliseconds(context?.FreshFor ?? options.FreshFor),
            StaleMilliseconds = Milliseconds(context?.StaleFor ?? options.StaleFor),
            Jitter = options.Jitter,
            AbsentMilliseconds = Milliseconds(context?.AbsentFor ?? options.AbsentFor ?? (options is CacheStrategy ? context?.FreshFor ?? options.FreshFor : null)),
            SlidingMilliseconds = Milliseconds(options.Sliding),
            Tags = [.. (options.Tags ?? []).Select(CheckedTag).Concat(context?.Tags ?? []).Distinct(StringComparer.Ordinal)],
        };
        return wire is { FreshMilliseconds: null, StaleMilliseconds: null, Jitter: null, AbsentMilliseconds: null, SlidingMilliseconds: null, Tags.Length: 0 } ? null : wire;
    }

    // A part of a millisecond is rounded up: over zero stays over zero.
    private static long? Milliseconds(TimeSpan? span) =>
        span is null ? null : span == Timeout.InfiniteTimeSpan ? ReadReply.NoLifetime : (long)Math.Ceiling(span.Value.TotalMilliseconds);

    private static ArgumentOutOfRangeException Wrong(string field, object value, string remedy) =>
        new(field, value, FormattableString.Invariant($"EntryOptions.{field} is {value}; {remedy}."));

    private static ArgumentOutOfRangeException WrongStrategy(string field, object? value, string remedy) =>
        new(field, value, FormattableString.Invariant($"CacheStrategy.{field} is {value}; {remedy}."));
}
