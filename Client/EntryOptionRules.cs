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
        if (options.Limiter is { Length: 0 })
            throw Wrong(nameof(EntryOptions.Limiter), "\"\"", "name an integration, or leave it null");
        foreach (var tag in options.Tags ?? [])
            CheckedTag(tag);
        return options;
    }

    public static string CheckedTag(string tag)
    {
        if (string.IsNullOrWhiteSpace(tag))
            throw new ArgumentException("A tag is empty; give it a name.", nameof(tag));
        var text = KeyText.Normalised(tag, "tag");
        if (Encoding.UTF8.GetByteCount(text) is var bytes and > MaxTagBytes)
            throw new ArgumentException($"The tag '{text[..32]}…' is {bytes} bytes of UTF-8; use at most {MaxTagBytes}.", nameof(tag));
        if (text.Any(static c => c == ',' || char.IsControl(c)))
            throw new ArgumentException($"The tag '{text}' has a comma or a control character; leave it out.", nameof(tag));
        return text;
    }

    /// <summary>Null when everything follows the region.</summary>
    public static EntryLifetime? ToWire(this EntryOptions options) => options == None ? null : new()
    {
        FreshMilliseconds = Milliseconds(options.FreshFor),
        StaleMilliseconds = Milliseconds(options.StaleFor),
        Jitter = options.Jitter,
        AbsentMilliseconds = Milliseconds(options.AbsentFor),
        SlidingMilliseconds = Milliseconds(options.Sliding),
        Tags = [.. (options.Tags ?? []).Select(CheckedTag).Distinct(StringComparer.Ordinal)],
    };

    // A part of a millisecond is rounded up: over zero stays over zero.
    private static long? Milliseconds(TimeSpan? span) =>
        span is null ? null : span == Timeout.InfiniteTimeSpan ? ReadReply.NoLifetime : (long)Math.Ceiling(span.Value.TotalMilliseconds);

    private static ArgumentOutOfRangeException Wrong(string field, object value, string remedy) =>
        new(field, value, FormattableString.Invariant($"EntryOptions.{field} is {value}; {remedy}."));
}
