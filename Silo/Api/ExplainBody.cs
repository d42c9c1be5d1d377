using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>The answer of <c>GET …/explain</c>. Instants are ISO 8601 in UTC; null for none or never.</summary>
internal sealed record ExplainBody(
    string Region, string Key, string State, long Version, string? OriginVersion,
    DateTime? LastRetrieved, DateTime? LastModified, DateTime? FreshUntil, DateTime? StaleUntil,
    string Reason, string? LastError, string? Limiter, string? Breaker, string Owner, long View)
{
    /// <summary>Left out unless it was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CacheDifference? Difference { get; init; }

    public static ExplainBody Of(CacheExplanation from) => new(
        from.Region, from.Key, from.State, from.Version, from.OriginVersion,
        from.LastRetrieved?.UtcDateTime, from.LastModified?.UtcDateTime, from.FreshUntil?.UtcDateTime, from.StaleUntil?.UtcDateTime,
        from.Reason, from.LastError, from.Limiter, from.Breaker, from.Owner, from.View) { Difference = from.Difference };
}
