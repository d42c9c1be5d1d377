using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCache.Silo.Tests;

/// <summary>What tests read off an answer.</summary>
internal static class HttpAnswers
{
    public static string? Header(this HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    public static string? CacheStatus(this HttpResponseMessage answer) => answer.Header("Cache-Status");

    public static Task<string> TextAsync(this HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage answer) => JsonNode.Parse(await answer.TextAsync()) ?? throw new JsonException("The answer is null.");

    /// <summary>The answer is a problem of this status and type; returns its detail.</summary>
    public static async Task<string> ProblemAsync(this HttpResponseMessage answer, int status, string type)
    {
        var text = await answer.TextAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} instead of {status}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal(type, (string?)problem["type"]);
        Assert.Equal(status, (int?)problem["status"]);
        Assert.False(string.IsNullOrEmpty((string?)problem["title"]));
        return (string?)problem["detail"] ?? "";
    }
}
