using System.Buffers;
using System.Collections.Frozen;

namespace OrleansCache;

/// <summary>The names that a request may call this silo by, and the web pages that may change something. A page of anybody's can have its own name
/// resolved to this machine, and is then stopped by nothing else (DNS rebinding). An address written in numbers is nobody's name.</summary>
internal sealed class HostNames
{
    private static readonly SearchValues<char> Numbers = SearchValues.Create("0123456789.");
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>>? _names;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _origins;
    private readonly bool _isAnyOrigin;

    public HostNames(HttpOptions options)
    {
        if (!options.AllowAnonymous || options.AllowedHosts.Length > 0)
            _names = Set(options.AllowedHosts.Append("localhost"));
        _origins = Set(options.AllowedOrigins.Select(static origin => origin.TrimEnd('/')));
        _isAnyOrigin = options.AllowedOrigins.Contains("*");
    }

    /// <param name="host">The value of <c>Host</c>, with or without a port; without a name, as from HTTP/1.0, it is no browser's.</param>
    public bool Accept(ReadOnlySpan<char> host)
    {
        if (_names is not { } names || host is "" or ['[', ..])
            return true;
        if (host.LastIndexOf(':') is >= 0 and var colon)
            host = host[..colon];
        return !host.ContainsAnyExcept(Numbers) || names.Contains(host.TrimEnd('.'));
    }

    /// <summary>Whether a request that changes something comes from no web page, or from one of this silo's: a browser says where a page is from.</summary>
    public bool AcceptOrigin(ReadOnlySpan<char> origin, ReadOnlySpan<char> host) =>
        origin is "" || _isAnyOrigin || (origin.IndexOf("://") is > 0 and var end && origin[(end + 3)..].Equals(host, StringComparison.OrdinalIgnoreCase)) || _origins.Contains(origin);

    public static HttpProblem Foreign(string origin) => new(
        StatusCodes.Status403Forbidden, "foreign-origin", "A page from elsewhere may change nothing here",
        $"Origin is '{origin}'; a change comes from a program, or from a page of this silo under the name that the request is sent to. Pages of other origins need {HttpOptions.SectionName}:{nameof(HttpOptions.AllowedOrigins)}.");

    public static HttpProblem Unknown(string host) => new(
        StatusCodes.Status421MisdirectedRequest, "unknown-host", "The silo does not go by this name",
        $"Host is '{host}'; use localhost or the address in numbers, or add the name to {HttpOptions.SectionName}:{nameof(HttpOptions.AllowedHosts)}.");

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(IEnumerable<string> names) =>
        names.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
