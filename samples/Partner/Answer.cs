using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace OrleansCache.Samples;

/// <summary>Answers with validators: a conditional request that still holds gets 304.</summary>
internal static class Answer
{
    public static IResult NotFound(string kind, string id) =>
        TypedResults.Problem($"There is no {kind} \"{id}\".", title: "Not Found", statusCode: StatusCodes.Status404NotFound);

    /// <summary>The validator is a hash of the content.</summary>
    public static IResult Content<T>(T value, DateTimeOffset? lastModified = null)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, Json.Options);
        return Bytes(bytes, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8)), lastModified);
    }

    /// <summary>The validator is the version.</summary>
    public static IResult Versioned(Order order) =>
        Bytes(JsonSerializer.SerializeToUtf8Bytes(order, Json.Options), ETagOf(order), order.LastModified);

    public static string ETagOf(Order order) => FormattableString.Invariant($"{order.Version}");

    private static Microsoft.AspNetCore.Http.HttpResults.FileContentHttpResult Bytes(byte[] body, string eTag, DateTimeOffset? lastModified) =>
        TypedResults.Bytes(body, "application/json; charset=utf-8", lastModified: lastModified, entityTag: new EntityTagHeaderValue($"\"{eTag}\""));
}
