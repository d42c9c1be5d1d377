namespace OrleansCache.Samples.Shop;

/// <summary>A small web shop in a process of its own: what it shows comes from a slow partner, through the cache.</summary>
internal static class ShopApp
{
    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--port"] = "Shop:Port",
        ["--cache"] = "ConnectionStrings:cache",
        ["--origin"] = "Shop:Origin",
    };

    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(
        [
            new("Shop:Port", "8890"),
            new("Shop:Origin", "http://localhost:8899/"),
            new("ConnectionStrings:cache", "127.0.0.1:11111"),
        ]);
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddCommandLine(args, Switches);
        builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["Shop:Port"]}");
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);

        builder.AddOrleansCacheClient("cache");
        builder.Services.AddHttpClient<Partner>(http => http.BaseAddress = new Uri(builder.Configuration["Shop:Origin"]!));
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<CacheProblems>();

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseDefaultFiles();
        app.UseStaticFiles();
        CountryPages.Map(app);
        OrderPages.Map(app);
        return app;
    }
}
