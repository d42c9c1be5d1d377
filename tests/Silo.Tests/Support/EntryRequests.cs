namespace OrleansCache.Silo.Tests;

/// <summary>Requests for one entry over HTTP, and a value that they find.</summary>
internal static class EntryRequests
{
    public static EntryValue Value { get; } = new()
    {
        Bytes = "hello"u8.ToArray(), ContentType = "text/plain", Version = 42,
        LastModified = 1_767_225_600_000_000, LastRetrieved = 1_767_225_600_000_000,
    };

    public static ValueTask<ReadReply> Hit() =>
        new(new ReadReply { Status = ReadStatus.Hit, Value = Value, FreshMilliseconds = 29_500, AgeMilliseconds = 3_900 });

    public static Task<HttpResponseMessage> GetAsync(this FaceHost face, string region, string key) =>
        face.Http.GetAsync($"api/v1/entries/{Uri.EscapeDataString(region)}/{Uri.EscapeDataString(key)}", TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> PutAsync(this FaceHost face, string key, string body, params (string Name, string Value)[] headers) =>
        face.SendAsync(HttpMethod.Put, key, new StringContent(body), headers);

    public static Task<HttpResponseMessage> SendAsync(this FaceHost face, HttpMethod method, string key, params (string Name, string Value)[] headers) =>
        face.SendAsync(method, key, null, headers);

    private static async Task<HttpResponseMessage> SendAsync(this FaceHost face, HttpMethod method, string key, HttpContent? content, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, $"api/v1/entries/r/{Uri.EscapeDataString(key)}") { Content = content };
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value), name);
        return await face.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
