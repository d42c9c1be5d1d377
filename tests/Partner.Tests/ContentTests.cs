using System.Net;

namespace OrleansCache.Samples;

public sealed class ContentTests
{
    [Fact]
    public async Task A_country_has_its_names_currency_and_cultures()
    {
        await using var origin = await Origin.StartAsync();

        var country = await origin.JsonAsync("/countries/NL");

        Assert.Equal("Netherlands", country.GetProperty("englishName").GetString());
        Assert.Equal("Nederland", country.GetProperty("nativeName").GetString());
        Assert.Equal("NLD", country.GetProperty("alpha3").GetString());
        Assert.True(country.GetProperty("isMetric").GetBoolean());
        Assert.Equal("EUR", country.GetProperty("currency").GetProperty("code").GetString());
        Assert.Equal("€", country.GetProperty("currency").GetProperty("symbol").GetString());
        Assert.Contains("nl-NL", country.GetProperty("cultures").EnumerateArray().Select(culture => culture.GetString()));
    }

    [Fact]
    public async Task A_currency_has_its_name_symbol_and_countries()
    {
        await using var origin = await Origin.StartAsync();

        var currency = await origin.JsonAsync("/currencies/EUR");

        Assert.Equal("Euro", currency.GetProperty("englishName").GetString());
        Assert.Equal("€", currency.GetProperty("symbol").GetString());
        Assert.Contains("NL", currency.GetProperty("countries").EnumerateArray().Select(country => country.GetString()));
    }

    [Theory]
    [InlineData("/timezones/Europe/Amsterdam")]
    [InlineData("/timezones/Europe%2FAmsterdam")]
    public async Task A_time_zone_is_found_by_its_id_raw_and_encoded(string path)
    {
        await using var origin = await Origin.StartAsync();

        var zone = await origin.JsonAsync(path);

        Assert.Equal("Europe/Amsterdam", zone.GetProperty("id").GetString());
        Assert.Equal("+01:00", zone.GetProperty("baseUtcOffset").GetString());
        Assert.True(zone.GetProperty("supportsDaylightSaving").GetBoolean());
        Assert.False(zone.GetProperty("isDaylightSaving").GetBoolean());
    }

    [Fact]
    public async Task A_time_zone_tells_what_holds_now()
    {
        await using var origin = await Origin.StartAsync();
        origin.Time.Advance(TimeSpan.FromDays(180));

        var zone = await origin.JsonAsync("/timezones/Europe/Amsterdam");

        Assert.True(zone.GetProperty("isDaylightSaving").GetBoolean());
        Assert.Equal("+02:00", zone.GetProperty("utcOffset").GetString());
    }

    [Theory]
    [InlineData("/countries/QQ")]
    [InlineData("/countries/NLD")]
    [InlineData("/currencies/XXX")]
    [InlineData("/timezones/Europe/Atlantis")]
    [InlineData("/timezones/%2e%2e%2f%2e%2e%2fpasswd")]
    [InlineData("/timezones/")]
    [InlineData("/orders/0")]
    [InlineData("/nowhere")]
    public async Task What_does_not_exist_is_404_with_problem_details(string path)
    {
        await using var origin = await Origin.StartAsync();

        using var response = await origin.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/countries/NL")]
    [InlineData("/orders/1")]
    public async Task A_validator_that_holds_gets_304(string path)
    {
        await using var origin = await Origin.StartAsync();
        using var first = await origin.GetAsync(path);
        var eTag = first.Headers.ETag!.ToString();

        using var byTag = await origin.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", $"\"other\", {eTag}"));
        using var byDate = await origin.SendAsync(HttpMethod.Get, path, headers: ("If-Modified-Since", first.Content.Headers.LastModified!.Value.ToString("R")));
        using var changed = await origin.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", "\"other\""));

        Assert.Equal(HttpStatusCode.NotModified, byTag.StatusCode);
        Assert.Equal(eTag, byTag.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, byDate.StatusCode);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    [Fact]
    public void Each_country_has_an_English_name_and_a_currency_code()
    {
        var countries = new Countries().All.ToArray();

        Assert.True(countries.Length > 200);
        Assert.All(countries, country =>
        {
            Assert.NotEmpty(country.EnglishName);
            Assert.Equal(3, country.Currency.Code.Length);
            Assert.NotEmpty(country.Cultures);
        });
    }
}
