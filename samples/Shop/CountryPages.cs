using System.Globalization;
using Microsoft.Extensions.Caching.Hybrid;

namespace OrleansCache.Samples.Shop;

/// <summary>Countries by the integration that the silo is configured with: the shop needs no address, no limit and no retry of its own.</summary>
internal static class CountryPages
{
    private static readonly string[] Sold = ["NL", "DE", "JP", "PL", "US", "BR"];
    private static readonly HybridCacheEntryOptions Minute = new() { Expiration = TimeSpan.FromMinutes(1) };

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/countries/{code}", (string code, IOrleansCache cache, CancellationToken cancellationToken) =>
            CountryAsync(cache, code, cancellationToken).AsResult(TimeProvider.System));

        // A list that is made of cached parts, cached itself: what HybridCache is for.
        app.MapGet("/api/prices/{euros:decimal}", (decimal euros, HybridCache hybrid, IOrleansCache cache, CancellationToken cancellationToken) =>
            hybrid.GetOrCreateAsync(
                string.Create(CultureInfo.InvariantCulture, $"prices/{euros:0.00}"),
                (cache, euros),
                static async (s, ct) => (await Task.WhenAll(Sold.Select(async code => Price((await CountryAsync(s.cache, code, ct)).Value, s.euros)))).OfType<string>().ToArray(),
                Minute,
                ["prices"],
                cancellationToken).AsTask());
    }

    private static ValueTask<CacheResult<Country>> CountryAsync(IOrleansCache cache, string code, CancellationToken cancellationToken) =>
        cache.CallAsync<Country>("partner", "country", new Dictionary<string, string?> { ["code"] = code }, cancellationToken);

    private static string? Price(Country? country, decimal amount) => country is null ? null
        : $"{country.EnglishName}: {country.Currency.Symbol} {amount.ToString($"F{country.Currency.DecimalDigits}", CultureInfo.InvariantCulture)}";
}
