using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansCache.Cluster;
using OrleansCache.Samples.Shop;
using OrleansCache.TestSupport;

namespace OrleansCache.Samples;

public class ShopTests
{
    [Fact]
    public async Task The_shop_shows_outcome_version_and_age_of_what_the_partner_gave()
    {
        var calls = new List<string>();
        await using var partner = await PartnerAsync(calls);
        await using var silo = new OneSilo();
        await silo.StartAsync(("OrleansCache:Integrations:partner:BaseAddress", partner.Urls.Single()), ("OrleansCache:Integrations:partner:Methods:country:Get", "countries/{code}"));
        await using var shop = ShopApp.Build(["--port", $"{FreePort.Next()}", "--cache", silo.Address, "--origin", partner.Urls.Single()]);
        await shop.StartAsync();
        using var visitor = new HttpClient { BaseAddress = new(shop.Urls.Single()) };

        foreach (var path in (string[])["api/countries/NL", "api/orders/7"])
        {
            var (first, second) = (await visitor.GetFromJsonAsync<JsonElement>(path), await visitor.GetFromJsonAsync<JsonElement>(path));
            Assert.Equal(("loaded", "hit"), (first.GetProperty("outcome").GetString(), second.GetProperty("outcome").GetString()));
            Assert.Equal(first.GetProperty("version").GetInt64(), second.GetProperty("version").GetInt64());
            Assert.InRange(second.GetProperty("ageSeconds").GetDouble(), 0, 60);
        }

        Assert.Equal(["GET /countries/NL", "GET /orders/7"], calls);
        Assert.Equal(HttpStatusCode.NoContent, (await visitor.PutAsync(new Uri("api/orders/7/status/paid", UriKind.Relative), null)).StatusCode);
        Assert.Equal("loaded", (await visitor.GetFromJsonAsync<JsonElement>("api/orders/7")).GetProperty("outcome").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GetAsync(new Uri("api/orders/8", UriKind.Relative))).StatusCode);
        using (var feed = new StreamReader(await visitor.GetStreamAsync(new Uri("api/orders/7/changes", UriKind.Relative))))
            Assert.Equal("event: change", await feed.ReadLineAsync().WaitAsync(Eventually.Deadline));
        Assert.Contains("Netherlands: € 10.00", await visitor.GetFromJsonAsync<string[]>("api/prices/10") ?? []);
        Assert.Contains("<title>Shop", await visitor.GetStringAsync(new Uri("", UriKind.Relative)), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> PartnerAsync(List<string> calls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{FreePort.Next()}");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Use((context, next) =>
        {
            lock (calls)
                calls.Add($"{context.Request.Method} {context.Request.Path}");
            return next(context);
        });
        app.MapGet("/countries/{code}", (string code) => new Country(code, "Netherlands", new("EUR", "€", "Euro", 2)));
        app.MapGet("/orders/{id}", (string id) => id == "7" ? Results.Ok(new Order(id, "Ada", "new", "EUR", 10, 1)) : Results.NotFound());
        app.MapPut("/orders/{id}", (string id) => Results.NoContent());
        await app.StartAsync();
        return app;
    }
}
