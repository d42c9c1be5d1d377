using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCache.Samples;

internal sealed record Country(
    string Code,
    string Alpha3,
    string EnglishName,
    string NativeName,
    bool IsMetric,
    CountryCurrency Currency,
    ImmutableArray<Language> Languages,
    ImmutableArray<string> Cultures);

internal sealed record CountryCurrency(string Code, string Symbol, string EnglishName, string NativeName, int DecimalDigits);

internal sealed record Language(string Code, string EnglishName, string NativeName);

/// <summary>The countries that .NET's culture data names, by ISO 3166-1 alpha-2 code in either case.</summary>
internal sealed class Countries
{
    private readonly FrozenDictionary<string, Country> _byCode = (
        from culture in CultureInfo.GetCultures(CultureTypes.SpecificCultures)
        let code = new RegionInfo(culture.Name).TwoLetterISORegionName
        where code.Length == 2 && code.All(char.IsAsciiLetterUpper)
        group culture by code into cultures
        select Describe(cultures.Key, [.. cultures.OrderBy(culture => culture.Name, StringComparer.Ordinal)]))
        .ToFrozenDictionary(country => country.Code, StringComparer.OrdinalIgnoreCase);

    public IEnumerable<Country> All => _byCode.Values;

    public Country? Find(string code) => _byCode.GetValueOrDefault(code);

    private static Country Describe(string code, CultureInfo[] cultures)
    {
        var region = RegionOf(code, cultures);
        var currency = new CountryCurrency(
            region.ISOCurrencySymbol,
            region.CurrencySymbol,
            region.CurrencyEnglishName,
            region.CurrencyNativeName,
            cultures[0].NumberFormat.CurrencyDecimalDigits);
        var languages = cultures
            .Select(culture => CultureInfo.GetCultureInfo(culture.TwoLetterISOLanguageName))
            .DistinctBy(language => language.Name)
            .Select(language => new Language(language.Name, language.EnglishName, language.NativeName));
        return new(
            code,
            region.ThreeLetterISORegionName,
            region.EnglishName,
            region.NativeName,
            region.IsMetric,
            currency,
            [.. languages],
            [.. cultures.Select(culture => culture.Name)]);
    }

    /// <summary>.NET knows the leading culture of most countries, by which they name themselves; some it knows by their cultures only.</summary>
    private static RegionInfo RegionOf(string code, CultureInfo[] cultures)
    {
        try
        {
            return new RegionInfo(code);
        }
        catch (ArgumentException)
        {
            return new RegionInfo(cultures[0].Name);
        }
    }
}
