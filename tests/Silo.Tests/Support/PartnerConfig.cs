namespace OrleansCache.Silo.Tests;

/// <summary>Changes to the integration that the program's own appsettings.json declares.</summary>
internal static class PartnerConfig
{
    /// <summary>The region of <c>/partner/order?id=…</c>.</summary>
    public const string Orders = "shop:1.0:partner:order";

    /// <summary>Limits out of the way, and an order's lifetimes as given.</summary>
    public static string Order(string strategy, string freshFor, string staleFor, string limit = """{ "PerSecond": 10000, "PerDay": 1000000 }""", string more = "") => $$"""
        { "OrleansCache": { "Integrations": { "partner": {
            "RateLimit": {{limit}}, {{more}}
            "Methods": { "order": { "Strategy": "{{strategy}}", "FreshFor": "{{freshFor}}", "StaleFor": "{{staleFor}}", "Jitter": 0 } } } } } }
        """;
}
