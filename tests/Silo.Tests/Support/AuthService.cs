using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansCache.Silo.Tests;

/// <summary>An auth service that knows one user, and remembers how often it was asked.</summary>
internal sealed class AuthService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

    private AuthService(WebApplication app) => _app = app;

    public int Asked => _asked;
    public string Password { get; set; } = "secret";
    public int ExpiresIn { get; set; } = 60;

    /// <summary>Answered to everybody, when it is over 0.</summary>
    public int Status { get; set; }

    /// <summary>Waited for before each answer.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    public ExchangePolicy Policy => new(new(_app.Urls.Single() + "/token"), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), MaxTokens: 100);

    public static string Basic(string user, string password) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";

    public static async Task<AuthService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var auth = new AuthService(builder.Build());
        auth._app.MapPost("/token", (Delegate)auth.AnswerAsync);
        await auth._app.StartAsync(TestContext.Current.CancellationToken);
        return auth;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref _asked);
        await Answers;
        if (Status > 0)
            return Results.StatusCode(Status);
        if (context.Request.Headers.Authorization.ToString() == Basic("ann", Password))
            return Results.Json(new { access_token = $"token-{number}", token_type = "Bearer", expires_in = ExpiresIn });
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"users\"";
        return Results.StatusCode(StatusCodes.Status401Unauthorized);
    }
}
