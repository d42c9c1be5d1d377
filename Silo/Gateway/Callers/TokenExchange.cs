using System.Net;

namespace OrleansCache;

/// <summary>Exchanges a caller's Basic credentials for a bearer token at an auth service (RFC 6749, section 4.4).</summary>
internal sealed class TokenExchange(TimeProvider clock, ILogger<TokenExchange> logger) : IDisposable
{
    private const string Scheme = "Basic ";
    private const int MaxAnswer = 64 * 1024;
    private static readonly CallerRefusal Unusable = new(new(StatusCodes.Status502BadGateway, "auth-failed", "The auth service gave no token", "It answered what is no token, or failed; see the silo's log."));
    private static readonly CallerRefusal Away = new(new HttpProblem(StatusCodes.Status503ServiceUnavailable, "auth-unavailable", "The auth service does not answer", "Ask again.") { RetryAfter = TimeSpan.FromSeconds(1) });

    private readonly TokenTable _tokens = new(clock);
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
    {
        MaxResponseContentBufferSize = MaxAnswer,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Lets a caller pass whose credentials the auth service takes.</summary>
    public ValueTask<CallerPass> PassAsync(HttpContext context, string integration, ExchangePolicy exchange)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } authorization || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new(new CallerPass { Refusal = Refused(integration, "Credentials are asked for: send an Authorization header of the scheme Basic.", challenge: null) });
        var pass = _tokens.GetAsync(CredentialHash.Of(exchange, authorization), exchange.MaxTokens, () => ExchangeAsync(integration, exchange, authorization));
        return new(pass.IsCompleted ? pass : pass.WaitAsync(context.RequestAborted));
    }

    /// <summary>The origin does not take the caller's token any more: the next call asks for another.</summary>
    public void Forget(HttpContext context, ExchangePolicy exchange) => _tokens.Forget(CredentialHash.Of(exchange, context.Request.Headers.Authorization.ToString()));

    public void Dispose() => _http.Dispose();

    private async Task<(CallerPass Pass, TimeSpan GoodFor)> ExchangeAsync(string integration, ExchangePolicy exchange, string authorization)
    {
        try
        {
            using var limit = new CancellationTokenSource(exchange.Timeout, clock);
            using var request = new HttpRequestMessage(HttpMethod.Post, exchange.Url) { Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]) };
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
            using var answer = await _http.SendAsync(request, limit.Token);
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                return (new() { Refusal = Refused(integration, $"The auth service does not take the credentials ({(int)answer.StatusCode}).", ChallengeOf(answer)) }, exchange.RefusedFor);
            if (answer.IsSuccessStatusCode && TokenAnswer.Read(await answer.Content.ReadAsByteArrayAsync(limit.Token)) is { } token)
                return (new() { Token = new(token.Value) }, (token.ExpiresIn - exchange.Margin) ?? exchange.TokenFor);
            logger.ExchangeFailed(integration, $"it answered {(int)answer.StatusCode}{(answer.IsSuccessStatusCode ? " without a bearer token" : "")}");
            return (new() { Refusal = answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests ? Away : Unusable }, TimeSpan.Zero);
        }
#pragma warning disable CA1031 // whatever it is, those who wait hear of it
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.ExchangeFailed(integration, e is OperationCanceledException ? $"no answer within {exchange.Timeout.TotalSeconds:0.###} s" : e.Message);
            return (new() { Refusal = Away }, TimeSpan.Zero);
        }
    }

    private static CallerRefusal Refused(string integration, string said, string? challenge) =>
        new(new(StatusCodes.Status401Unauthorized, "unauthorized", "The caller is not known", said), challenge ?? $"Basic realm=\"{integration}\", charset=\"UTF-8\"");

    private static string? ChallengeOf(HttpResponseMessage answer) =>
        answer.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var challenges) ? challenges.ToString() : null;
}
