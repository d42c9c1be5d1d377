using System.Text.Json;
using OrleansCache.Cluster;

namespace OrleansCache.Docs;

/// <summary>What a gateway with read-through and write-through does, from a program of its own.</summary>
public sealed class GatewayLabExample
{
    [Fact]
    public async Task A_user_is_read_through_and_written_through()
    {
        var service = new UserService();
        await using var silos = await Silos.StartAsync(1, builder => builder.Services.AddIntegration("users", _ => service, users =>
        {
            users.Methods["user"] = new() { Parameters = ["id"], FreshFor = TimeSpan.FromMinutes(5), Tags = ["user:{id}"] };
            users.Methods["setUser"] = new() { Parameters = ["id"], Writes = "user" };
        }));
        var cache = await silos.CacheAsync();

        // docs/migration.md
        var id = new Dictionary<string, string?> { ["id"] = "7" };
        var read = await cache.CallAsync<User>("users", "user", id);

        // The service first, in the user's turn over all processes; its answer is what the cache has from then on.
        var written = await cache.WriteAsync<NameChange, User>("users", "setUser", id, new("Ann"));

        // Who refuses changes nothing, and no error is ever read again.
        try
        {
            await cache.WriteAsync<NameChange, User>("users", "setUser", id, new(""));
        }
        catch (IntegrationException e) when (e is { StatusCode: 400, MayHaveHappened: false })
        {
            read = await cache.CallAsync<User>("users", "user", id);
        }
        // end

        Assert.Equal((new User("7", "Ann"), Outcome.Hit, written.Version), (read.Value, read.Outcome, read.Version));
        Assert.Equal((read.Value, 1), (written.Value, service.Reads));
    }

    private sealed record User(string Id, string Name);

    private sealed record NameChange(string Name);

    private sealed class UserService : IIntegration
    {
        private string _name = "Bob";

        public int Reads { get; private set; }

        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken)
        {
            if (request.Method == "user")
                Reads++;
            else if (JsonSerializer.Deserialize<NameChange>(request.Body!.Value.Span, JsonSerializerOptions.Web)! is { Name.Length: > 0 } change)
                _name = change.Name;
            else
                return new(IntegrationResponse.Refused(400, "a name is missing"u8.ToArray(), "text/plain"));
            return new(IntegrationResponse.Value(JsonSerializer.SerializeToUtf8Bytes(new User(request.Arguments["id"]!, _name), JsonSerializerOptions.Web), "application/json"));
        }
    }
}
