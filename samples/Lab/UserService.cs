namespace OrleansCache.Samples.Lab;

/// <summary><c>/users/{id}</c>, for whoever has a token.</summary>
internal static class UserService
{
    private const string Scheme = "Bearer ";
    private const int MaxName = 100;

    public static void Map(WebApplication app, IUserTable users, Tokens tokens)
    {
        var known = app.MapGroup("/users").AddEndpointFilter((call, next) =>
            call.HttpContext.Request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme, StringComparison.Ordinal) && tokens.Takes(header[Scheme.Length..])
                ? next(call) : new(Results.Unauthorized()));
        known.MapGet("/{id:int}", async (int id, CancellationToken ct) => await users.FindAsync(id, ct) is { } user ? Results.Ok(user) : Results.NotFound());
        known.MapPut("/{id:int}", async (int id, UserChange change, CancellationToken ct) =>
            change.Name is not { Length: > 0 and <= MaxName } ? Results.BadRequest()
            : await users.RenameAsync(id, change.Name, ct) is { } user ? Results.Ok(user) : Results.NotFound());
    }
}
