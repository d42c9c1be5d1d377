using OrleansCache.Samples.Shop;

// dotnet run --project samples/Shop -- --port 8890 --cache 127.0.0.1:11111 --origin http://localhost:8899/
await using var app = ShopApp.Build(args);
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"shop: {string.Join(' ', app.Urls)} in a browser"));
await app.RunAsync();
