namespace OrleansCache.Redis;

/// <summary>The format of StackExchange.Redis: end points and <c>key=value</c> pairs, separated by commas.</summary>
internal static class RedisConnectionString
{
    private static readonly Dictionary<string, Action<RedisConnectionOptions, Setting>> Understood = new(StringComparer.OrdinalIgnoreCase)
    {
        ["abortConnect"] = (options, setting) => options.AbortOnConnectFail = setting.Flag(),
        ["asyncTimeout"] = (options, setting) => options.CommandTimeout = setting.Milliseconds(),
        ["checkCertificateRevocation"] = (options, setting) => options.CheckCertificateRevocation = setting.Flag(),
        ["connectTimeout"] = (options, setting) => options.ConnectTimeout = setting.Milliseconds(),
        ["defaultDatabase"] = (options, setting) => options.Database = setting.Number(0, "a database number"),
        ["keepAlive"] = (options, setting) => options.KeepAlive = TimeSpan.FromSeconds(setting.Number(0, "seconds, 0 for never")),
        ["name"] = (options, setting) => options.ClientName = setting.Must(setting.Text.All(c => c is > ' ' and <= '~'), "printable ASCII without spaces"),
        ["password"] = (options, setting) => options.Password = setting.Text,
        ["protocol"] = (_, setting) => setting.Must(setting.Text.ToUpperInvariant() is "3" or "RESP3", "resp3, all that the builtin engine speaks"),
        ["ssl"] = (options, setting) => options.Ssl = setting.Flag(),
        ["sslHost"] = (options, setting) => options.SslHost = setting.Text,
        ["syncTimeout"] = (options, setting) => options.CommandTimeout = setting.Milliseconds(),
        ["user"] = (options, setting) => options.User = setting.Text,
    };

    // Of no consequence to a client that speaks to one server. Others, such as serviceName, are not: they are refused as unknown.
    private static readonly string[] Ignored = ["allowAdmin", "configChannel", "configCheckSeconds", "connectRetry", "highIntegrity",
        "highPriorityThreads", "preserveAsyncOrder", "proxy", "resolveDns", "responseTimeout", "setlib", "sslProtocols", "tiebreaker",
        "version", "writeBuffer"];

    public static RedisConnectionOptions Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToLookup(part => part.Contains('='));
        var options = new RedisConnectionOptions();
        foreach (var part in parts[true].OrderDescending(StringComparer.OrdinalIgnoreCase))     // asyncTimeout has the last word over syncTimeout
        {
            var (key, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is var pair ? (pair[0], pair[1]) : default;
            if (Understood.TryGetValue(key, out var apply))
                apply(options, new(key, value));
            else if (!Ignored.Contains(key, StringComparer.OrdinalIgnoreCase))
                throw Bad($"'{key}' is not known. Known are: {string.Join(", ", Understood.Keys.Concat(Ignored).Order(StringComparer.OrdinalIgnoreCase))}.");
        }
        options.EndPoints = [.. parts[false].Select(part => ParseEndPoint(part, options.Ssl ? 6380 : 6379))];
        return options.EndPoints.Count > 0 ? options : throw Bad("it names no server; begin it with host:port, as in 'localhost:6379'.");
    }

    private static Uri ParseEndPoint(string text, int defaultPort)
    {
        if (!Uri.TryCreate($"redis://{text}", UriKind.Absolute, out var uri) || uri.Port == 0 || uri.PathAndQuery.Length > 1 || uri.UserInfo.Length > 0)
            throw Bad($"'{text}' is neither host:port, with a port from 1 to 65535, nor key=value.");
        return uri.Port > 0 ? uri : new UriBuilder(uri) { Port = defaultPort }.Uri;
    }

    private static FormatException Bad(string what) => new($"Redis connection string: {what}");

    private readonly record struct Setting(string Key, string Text)
    {
        public string Must(bool holds, string wanted) => holds ? Text : throw Not(wanted);

        private FormatException Not(string wanted) => Bad($"'{Key}' is '{Text}'; give {wanted}.");

        public bool Flag() => Text.ToUpperInvariant() is "TRUE" or "YES" or "1"
            || (Text.ToUpperInvariant() is "FALSE" or "NO" or "0" ? false : throw Not("true or false"));

        public int Number(int least, string what) =>
            int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least ? number
            : throw Not($"{what}: a whole number from {least} to {int.MaxValue}");

        public TimeSpan Milliseconds() => TimeSpan.FromMilliseconds(Number(1, "milliseconds"));
    }
}
