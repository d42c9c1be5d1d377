using Npgsql;

namespace OrleansCache.Samples.Lab;

/// <summary>The programs of the lab: the services behind the gateway, and what it is measured against.</summary>
internal static class LabApp
{
    private const string Usage = "give one of auth, users, plain or bare first, then --port N, --key TEXT, --db CONNECTION-STRING, --auth URL, --users URL";

    /// <param name="args">The program's name first.</param>
    /// <param name="clock">For the lives of tokens.</param>
    /// <param name="users">In place of a database.</param>
    public static WebApplication Build(string[] args, TimeProvider clock, IUserTable? users = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCommandLine(args.Length > 0 ? args[1..] : args);
        builder.WebHost.UseUrls($"http://127.0.0.1:{Given("port")}");
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, LabJson.Default));
        var app = builder.Build();
        switch (args.FirstOrDefault())
        {
            case "auth":
                AuthService.Map(app, Table(), new(Given("key"), clock));
                break;
            case "users":
                UserService.Map(app, Table(), new(Given("key"), clock));
                break;
            case "plain":
                PlainGateway.Map(app, new(Given("auth")), new(Given("users")));
                break;
            case "bare":
                app.MapGet("/users/user", static () => Results.Bytes(BareUser.Json, "application/json"));
                break;
            default:
                throw new ArgumentException($"The lab has no program '{args.FirstOrDefault()}': {Usage}.", nameof(args));
        }

        return app;

        string Given(string name) => builder.Configuration[name] ?? throw new ArgumentException($"--{name} is missing: {Usage}.", nameof(args));

        IUserTable Table() => users ?? new PostgresUsers(NpgsqlDataSource.Create(Given("db")));
    }
}
