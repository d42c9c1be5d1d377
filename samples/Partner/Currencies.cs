using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCache.Samples;

internal sealed record Currency(string Code, string EnglishName, string Symbol, int DecimalDigits, ImmutableArray<string> Countries);

/// <summary>The currencies that some country uses, by ISO 4217 code in either case.</summary>
internal sealed class Currencies(Countries countries)
{
    private const string NoCurrency = "XXX";

    private readonly FrozenDictionary<string, Currency> _byCode = (
        from country in countries.All
        where country.Currency.Code is { Length: 3 } and not NoCurrency
        group country by country.Currency.Code into users
        select new Currency(
            users.Key,
            users.First().Currency.EnglishName,
            MostUsed(users.Select(country => country.Currency.Symbol)),
            users.First().Currency.DecimalDigits,
            [.. users.Select(country => country.Code).Order(StringComparer.Ordinal)]))
        .ToFrozenDictionary(currency => currency.Code, StringComparer.OrdinalIgnoreCase);

    public Currency? Find(string code) => _byCode.GetValueOrDefault(code);

    private static string MostUsed(IEnumerable<string> symbols) =>
        symbols.GroupBy(symbol => symbol).OrderByDescending(uses => uses.Count()).ThenBy(uses => uses.Key, StringComparer.Ordinal).First().Key;
}
