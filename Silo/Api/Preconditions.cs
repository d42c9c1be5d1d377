using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OrleansCache;

/// <summary>The conditions of a read, in the order of RFC 9110, section 13.2.2. For a change the key's owner judges, see <see cref="EntriesEndpoint"/>.</summary>
internal static class Preconditions
{
    private const long MicrosecondsPerSecond = 1_000_000;

    /// <summary>Whether the value may be sent: if not, 304 when there is no problem, else the problem.</summary>
    public static bool Allow(IHeaderDictionary headers, EntryValue value, out HttpProblem? problem)
    {
        problem = null;
        if (headers.IfMatch is { Count: > 0 } ifMatch)
        {
            if (!EntityTags.TryParse(ifMatch, "If-Match", out var wanted, out var error))
                problem = Unreadable(error);
            else if (!wanted.MatchesStrongly(value.Version))
                problem = Failed(value.Version, wanted.AreWeak);
        }
        else if (DateOf(headers.IfUnmodifiedSince) is { } before && IsModifiedSince(value, before))
        {
            problem = Failed(value.Version);
        }

        if (problem is not null)
            return false;
        if (headers.IfNoneMatch is { Count: > 0 } ifNoneMatch)
        {
            if (!EntityTags.TryParse(ifNoneMatch, "If-None-Match", out var known, out var error))
                problem = Unreadable(error);
            return problem is null && !known.MatchesWeakly(value.Version);
        }

        return value.LastModified == 0 || DateOf(headers.IfModifiedSince) is not { } since || IsModifiedSince(value, since);
    }

    /// <summary>A date of HTTP; null for none, and for what is none, which is to be ignored.</summary>
    public static DateTimeOffset? DateOf(StringValues header) =>
        header.Count > 0 && HeaderUtilities.TryParseDate(header.ToString(), out var date) ? date : null;

    /// <summary>By whole seconds, as dates of HTTP are; false without a date.</summary>
    public static bool IsModifiedSince(EntryValue value, DateTimeOffset date) => value.LastModified / MicrosecondsPerSecond > date.ToUnixTimeSeconds();

    public static HttpProblem Unreadable(string detail) => HttpProblem.BadRequest("bad-condition", "The condition cannot be read", detail);

    /// <param name="current">The version there is; 0 for none.</param>
    /// <param name="weak">True when all tags given are weak.</param>
    public static HttpProblem Failed(long current, bool weak = false) => new(
        StatusCodes.Status412PreconditionFailed, "precondition-failed", "The entry is not in the state that the condition asks for",
        weak ? "If-Match has weak tags only (W/), and a weak tag never matches there; give the tag as an ETag header shows it."
        : current > 0 ? $"The entry's version is {HttpNumber.Text(current)}; read it again and repeat the request with If-Match: {EntityTags.Of(current)}."
        : "There is no value that the condition holds for; read the entry again.");
}
