using System.Collections.Frozen;
using System.Globalization;
using System.Net;

namespace OrleansCache.Redis;

/// <summary>The format of StackExchange.Redis: end points and <c>key=value</c> pairs, separated by commas.</summary>
internal static class RedisConnectionString
{
    private static readonly string[] Understood =
    [
        "abortConnect", "asyncTimeout", "checkCertificateRevocation", "connectTimeout", "defaultDatabase", "keepAlive", "name",
        "password", "protocol", "ssl", "sslHost", "syncTimeout", "user",
    ];

    // Of no consequence to a client that speaks to one server.
    private static readonly string[] Ignored =
    [
        "allowAdmin", "configChannel", "configCheckSeconds", "connectRetry", "highIntegrity", "highPriorityThreads",
        "preserveAsyncOrder", "proxy", "resolveDns", "responseTimeout", "setlib", "sslProtocols", "tiebreaker", "version", "writeBuffer",
    ];

    // To ignore these would be to talk to the wrong server or about the wrong names.
    private static readonly string[] Refused = ["channelPrefix", "serviceName", "tunnel"];

    private static readonly FrozenSet<string> Known = Understood.Concat(Ignored).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static RedisConnectionOptions Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<string> hosts = [];
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is not [var key, var value])
                hosts.Add(part);
            else if (Refused.Contains(key, StringComparer.OrdinalIgnoreCase))
                throw new FormatException($"Redis connection string: '{key}' is not supported by the builtin engine; leave it out and name the server itself.");
            else if (!Known.Contains(key))
                throw new FormatException($"Redis connection string: '{key}' is not known. Known are: {string.Join(", ", Known.Order(StringComparer.OrdinalIgnoreCase))}.");
            else
                settings[key] = value;
        }
        if (hosts.Count == 0)
            throw new FormatException("Redis connection string: it names no server; begin it with host:port, as in 'localhost:6379'.");
        var defaults = new RedisConnectionOptions();
        var ssl = Flag(settings, "ssl", defaults.Ssl);
        var sync = Milliseconds(settings, "syncTimeout", defaults.CommandTimeout);
        return new RedisConnectionOptions
        {
            EndPoints = [.. hosts.Select(host => ParseEndPoint(host, ssl ? 6380 : 6379))],
            User = settings.GetValueOrDefault("user"),
            Password = settings.GetValueOrDefault("password"),
            Ssl = ssl,
            SslHost = settings.GetValueOrDefault("sslHost"),
            CheckCertificateRevocation = Flag(settings, "checkCertificateRevocation", false),
            Database = Number(settings, "defaultDatabase", 0, 0, int.MaxValue, "a database number"),
            ClientName = Name(settings.GetValueOrDefault("name")),
            ConnectTimeout = Milliseconds(settings, "connectTimeout", defaults.ConnectTimeout),
            CommandTimeout = Milliseconds(settings, "asyncTimeout", sync),
            KeepAlive = TimeSpan.FromSeconds(Number(settings, "keepAlive", (int)defaults.KeepAlive.TotalSeconds, 0, 86_400, "seconds, 0 for never")),
            AbortOnConnectFail = Flag(settings, "abortConnect", defaults.AbortOnConnectFail),
            Resp3 = settings.GetValueOrDefault("protocol")?.ToUpperInvariant() switch
            {
                null or "3" or "RESP3" => true,
                "2" or "RESP2" => false,
                var other => throw Bad("protocol", other, "resp2 or resp3"),
            },
        };
    }

    private static EndPoint ParseEndPoint(string text, int defaultPort)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon > 0 && (text.IndexOf(':') == colon || text[colon - 1] == ']');
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        var port = defaultPort;
        if (hasPort && !(int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65_536))
            throw new FormatException($"Redis connection string: the port of '{text}' is not a number from 1 to 65535.");
        if (IPAddress.TryParse(host, out var address))
            return new IPEndPoint(address, port);
        return Uri.CheckHostName(host) == UriHostNameType.Dns
            ? new DnsEndPoint(host, port)
            : throw new FormatException($"Redis connection string: '{text}' is neither host:port nor key=value.");
    }

    private static bool Flag(Dictionary<string, string> settings, string key, bool otherwise)
        => settings.GetValueOrDefault(key)?.ToUpperInvariant() switch
        {
            null => otherwise,
            "TRUE" or "YES" or "1" => true,
            "FALSE" or "NO" or "0" => false,
            _ => throw Bad(key, settings[key], "true or false"),
        };

    private static TimeSpan Milliseconds(Dictionary<string, string> settings, string key, TimeSpan otherwise)
        => TimeSpan.FromMilliseconds(Number(settings, key, (int)otherwise.TotalMilliseconds, 1, int.MaxValue, "milliseconds"));

    private static int Number(Dictionary<string, string> settings, string key, int otherwise, int least, int most, string what)
    {
        if (!settings.TryGetValue(key, out var text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(key, text, $"{what}: a whole number from {least} to {most}");
    }

    private static string? Name(string? name)
        => name is null || name.All(character => character is > ' ' and <= '~') ? name : throw Bad("name", name, "printable ASCII without spaces");

    private static FormatException Bad(string key, string value, string wanted)
        => new($"Redis connection string: '{key}' is '{value}'; give {wanted}.");
}
