namespace OrleansCache;

/// <summary>What the values of an integration's settings must be.</summary>
internal static class IntegrationRules
{
    public const int MaxNameLength = 64;
    private const long MaxPermits = 1_000_000_000;

    /// <summary>First parts of paths that the gateway serves itself.</summary>
    private static readonly string[] Reserved = ["api", "dashboard", "orleans", "healthz", "openapi"];

    public static void Name(string path, string name, bool isIntegration, ConfigurationErrors errors)
    {
        if (isIntegration && Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
            errors.Add(path, $"has a name that the gateway needs itself ({string.Join(", ", Reserved)}): name it otherwise");
        if (name.Length is 0 or > MaxNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || name.All(c => c == '.'))
            errors.Add(path, $"has a name that is no part of an address: use 1 to {MaxNameLength} letters, digits, '-', '_' or '.'");
    }

    public static void Check(string path, RateLimitOptions limit, ConfigurationErrors errors)
    {
        (string Name, long? Permits)[] windows =
        [
            (nameof(limit.PerSecond), limit.PerSecond), (nameof(limit.PerMinute), limit.PerMinute),
            (nameof(limit.PerHour), limit.PerHour), (nameof(limit.PerDay), limit.PerDay),
        ];
        (string Name, long Permits)? shorter = null;
        foreach (var (name, permits) in windows)
        {
            if (permits is not { } n)
                continue;
            if (n is < 1 or > MaxPermits)
                errors.Add($"{path}:{name}", n, $"set 1 to {MaxPermits}, or leave it out for no such limit");
            else if (shorter is { } before && n < before.Permits)
                errors.Add($"{path}:{name}", n, $"that is below {before.Name} ({before.Permits}), which could never be reached; set it to {before.Permits} or more, or lower {before.Name}");
            shorter = (name, n);
        }

        ResilienceRules.Between($"{path}:{nameof(limit.MaxWait)}", limit.MaxWait, TimeSpan.Zero, TimeSpan.FromHours(1), errors);
        if (limit.BackgroundShare is not (>= 0 and <= 1))
            errors.Add($"{path}:{nameof(limit.BackgroundShare)}", limit.BackgroundShare, "set a share from 0 to 1");
        ResilienceRules.Between($"{path}:{nameof(limit.Margin)}", limit.Margin, TimeSpan.Zero, TimeSpan.FromSeconds(1), errors);
    }

    /// <summary>What only the settings of all places together show.</summary>
    public static void Check(string path, ResilienceSettings settings, ConfigurationErrors errors)
    {
        if (settings.AttemptTimeout > settings.Timeout && !errors.Concern($"{path}:{nameof(settings.Timeout)}"))
        {
            errors.Add(
                $"{path}:{nameof(settings.AttemptTimeout)}", settings.AttemptTimeout,
                $"one attempt can't last longer than the whole call; set it to Timeout ({settings.Timeout:c}) or less, or raise Timeout");
        }
    }

    public static Uri? BaseAddress(string path, string? text, ConfigurationErrors errors)
    {
        const string Remedy = "set an absolute address such as 'https://partner.example/api/', http or https, without query, fragment or credentials";
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0 && address.Host.Length > 0)
            return address;
        errors.Add(path, string.IsNullOrEmpty(text) ? null : Harmless(text), Remedy);
        return null;
    }

    public static void Header(string path, string name, string value, ConfigurationErrors errors)
    {
        using var probe = new HttpRequestMessage();
        try
        {
            probe.Headers.Add(name, value);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            errors.Add(path, $"is not a header that a request can carry ({e.Message.TrimEnd('.')}): correct its name or value, or leave it out");
        }
    }

    /// <summary>A credential in an address is not repeated in an error.</summary>
    private static string Harmless(string address) =>
        address.LastIndexOf('@') is var at and >= 0 ? $"…{address[at..]}" : address;
}
