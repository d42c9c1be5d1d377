using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace OrleansCache;

/// <summary>What the headers of a <c>PUT</c> say of the value's lifetime and tags.</summary>
internal static class PutHeaders
{
    public const int MaxTags = 64;
    public const int MaxTagBytes = 256;

    private static TimeSpan? Span(long? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;

    public static bool TryRead(IHeaderDictionary headers, [NotNullWhen(true)] out EntryOptions? options, [NotNullWhen(false)] out HttpProblem? problem)
    {
        options = null;
        if (!TryReadCacheControl(headers.CacheControl, out var fresh, out var stale, out problem) || !TryReadTags(headers["Cache-Tag"], out var tags, out problem))
            return false;
        options = new() { FreshFor = Span(fresh), StaleFor = Span(stale), Tags = tags };
        return true;
    }

    /// <summary>Reads <c>max-age</c> and <c>stale-while-revalidate</c>; other directives do not concern a stored value.</summary>
    public static bool TryReadCacheControl(StringValues header, out long? maxAge, out long? stale, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (maxAge, stale, problem) = (null, null, null);
        foreach (var part in header.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = (equals < 0 ? part : part[..equals]).TrimEnd();
            var value = equals < 0 ? "" : part[(equals + 1)..].Trim().Trim('"');
            if (name.Equals("no-store", StringComparison.OrdinalIgnoreCase))
                return Bad("no-store, and a PUT stores; leave it out", out problem);
            var isMaxAge = name.Equals("max-age", StringComparison.OrdinalIgnoreCase);
            if (!isMaxAge && !name.Equals("stale-while-revalidate", StringComparison.OrdinalIgnoreCase))
                continue;
            if ((isMaxAge ? maxAge : stale) is not null)
                return Bad($"{name} twice; give it once", out problem);
            if (HttpNumber.DeltaSeconds(value) is not { } seconds || (isMaxAge && seconds == 0))
                return Bad($"{name}={value}; give whole seconds, {(isMaxAge ? "1" : "0")} or more", out problem);
            if (isMaxAge)
                maxAge = seconds;
            else
                stale = seconds;
        }

        return maxAge is not null || stale is null or 0
            || Bad("stale-while-revalidate alone, which begins when max-age ends; give max-age too, or leave it out", out problem);

        static bool Bad(string what, out HttpProblem problem)
        {
            problem = HttpProblem.BadRequest("bad-cache-control", "The lifetime cannot be read", $"Cache-Control has {what}.");
            return false;
        }
    }

    public static bool TryReadTags(StringValues header, out ImmutableArray<string> tags, [NotNullWhen(false)] out HttpProblem? problem)
    {
        problem = null;
        tags = header.Count == 0 ? [] : [.. header.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        var error = tags.Length > MaxTags ? $"{tags.Length} tags; use at most {MaxTags}"
            : tags.FirstOrDefault(tag => Encoding.UTF8.GetByteCount(tag) > MaxTagBytes) is { } tag ? $"a tag of {Encoding.UTF8.GetByteCount(tag)} bytes; use at most {MaxTagBytes}"
            : null;
        if (error is not null)
            problem = HttpProblem.BadRequest("bad-cache-tag", "The tags cannot be used", $"Cache-Tag has {error}.");
        return error is null;
    }
}
