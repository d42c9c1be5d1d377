using System.Net.Http.Headers;

namespace OrleansCache.Samples.Lab;

/// <summary>The same gateway without a cache: for each request the auth service, and then the user service.</summary>
internal static class PlainGateway
{
    public static void Map(WebApplication app, Uri auth, Uri users)
    {
        var http = new HttpClient();
        var form = new KeyValuePair<string, string>("grant_type", "client_credentials");
        app.MapGet("/users/user", async (HttpContext context, int id) =>
        {
            using var ask = new HttpRequestMessage(HttpMethod.Post, auth) { Content = new FormUrlEncodedContent([form]) };
            ask.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
            using var given = await http.SendAsync(ask, context.RequestAborted);
            if (!given.IsSuccessStatusCode)
                return Results.StatusCode((int)given.StatusCode);
            var token = await given.Content.ReadFromJsonAsync(LabJson.Default.Token, context.RequestAborted);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(users, $"users/{id}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token!.AccessToken);
            using var answer = await http.SendAsync(request, context.RequestAborted);
            return answer.IsSuccessStatusCode
                ? Results.Bytes(await answer.Content.ReadAsByteArrayAsync(context.RequestAborted), answer.Content.Headers.ContentType?.ToString())
                : Results.StatusCode((int)answer.StatusCode);
        });
    }
}
