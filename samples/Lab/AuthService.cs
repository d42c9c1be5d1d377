using System.Text;

namespace OrleansCache.Samples.Lab;

/// <summary><c>POST /token</c>: a token for a user's Basic credentials.</summary>
internal static class AuthService
{
    private const string Scheme = "Basic ";
    public static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(5);

    public static void Map(WebApplication app, IUserTable users, Tokens tokens) => app.MapPost("/token", async (HttpContext context) =>
    {
        if (Credentials(context.Request.Headers.Authorization.ToString()) is var (login, password) && await users.KnowsAsync(login, password, context.RequestAborted))
            return Results.Ok(new Token(tokens.Make(login, TokenLife), "Bearer", (int)TokenLife.TotalSeconds));
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"lab\"";
        return Results.Unauthorized();
    });

    private static (string Login, string Password)? Credentials(string header)
    {
        var bytes = new byte[header.Length];
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64Chars(header.AsSpan(Scheme.Length), bytes, out var length))
            return null;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        return text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? (text[..colon], text[(colon + 1)..]) : null;
    }
}
