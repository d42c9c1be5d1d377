using OrleansCache.Samples.Lab;

// dotnet run --project samples/Lab -- auth|users|plain|bare --port N … ; see README.md
await using var app = LabApp.Build(args, TimeProvider.System);
await app.RunAsync();
