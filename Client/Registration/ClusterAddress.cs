using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace OrleansCache;

/// <summary>Where a cluster is: its silos' client ports, or the Redis that knows them.</summary>
internal sealed record ClusterAddress
{
    private const string RedisPrefix = "redis=";

    public ImmutableArray<EndPoint> Silos { get; private init; } = [];

    /// <summary>A StackExchange.Redis connection string; null when the silos are named.</summary>
    public string? Redis { get; private init; }

    public static bool NamesRedis(string? text) => text?.TrimStart().StartsWith(RedisPrefix, StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>The text without Redis' options, among which may be a password.</summary>
    public static string Shown(string text) => !NamesRedis(text) ? text : text.Split(',')[0] is var first && first.LastIndexOf('=') > first.IndexOf('=') ? RedisPrefix + "…" : first;

    /// <exception cref="FormatException">The text is neither form; the message says what is wrong with it.</exception>
    public static ClusterAddress Parse(string text)
    {
        text = text.Trim();
        if (NamesRedis(text))
            return text.Length > RedisPrefix.Length ? new() { Redis = text[RedisPrefix.Length..] } : throw new FormatException("names no Redis; write redis=HOST:PORT[,options]");
        return new() { Silos = [.. text.Split(',', StringSplitOptions.TrimEntries).Select(EndPointOf)] };
    }

    private static EndPoint EndPointOf(string part)
    {
        var colon = part.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            throw new FormatException($"has the part '{part}'; write host:port with a port from 1 to 65535, such as 127.0.0.1:11111, or redis=HOST:PORT");
        var host = part[..colon];
        if (IPAddress.TryParse(host, out var address))
            return host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? throw new FormatException($"has the part '{part}'; write an IPv6 address in brackets, such as [::1]:11111") : new IPEndPoint(address, port);
        return Uri.CheckHostName(host) is UriHostNameType.Dns ? new DnsEndPoint(host, port) : throw new FormatException($"has the part '{part}', and '{host}' is no host name or address");
    }
}
