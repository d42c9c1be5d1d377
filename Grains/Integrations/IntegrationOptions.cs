namespace OrleansCache;

/// <summary>One integration: where it is, how often it may be called, how calls are made to survive, and its methods. Section <c>OrleansCache:Integrations:{name}</c>.</summary>
public sealed class IntegrationOptions : ResilienceOptions
{
    /// <summary>Where paths of methods begin: an absolute http or https address. Not set for an integration in code.</summary>
    public string? BaseAddress { get; set; }

    /// <summary>The service that calls, the first part of the region's name.</summary>
    public string Service { get; set; } = "default";

    /// <summary>The service's version, the second part of the region's name: another version has entries of its own.</summary>
    public string ServiceVersion { get; set; } = "1.0";

    /// <summary>The name of a section under <c>OrleansCache:Resilience</c>; what is set here goes before what it says.</summary>
    public string? Resilience { get; set; }

    /// <summary>How often the origin may be called; null does not limit.</summary>
    public RateLimitOptions? RateLimit { get; set; }

    /// <summary>How callers over HTTP show who they are; null asks them for nothing.</summary>
    public AuthenticationOptions? Authentication { get; set; }

    /// <summary>Sent with every request.</summary>
    public Dictionary<string, string> Headers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How long a connection is kept before it is made anew, so that a changed address is found; over zero.</summary>
    public TimeSpan PooledConnectionLifetime { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The methods by name.</summary>
    public Dictionary<string, MethodOptions> Methods { get; set; } = new(StringComparer.Ordinal);
}
