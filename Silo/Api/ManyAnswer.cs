using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansCache;

/// <summary>The answer for many keys: an array with an object for each, in the order asked.</summary>
internal static class ManyAnswer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async ValueTask WriteAsync<TResult>(HttpContext context, KeyResult<TResult>[] results, Action<Utf8JsonWriter, KeyResult<TResult>> write)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await using var json = new Utf8JsonWriter(response.BodyWriter, Options);
        json.WriteStartArray();
        foreach (var result in results)
        {
            json.WriteStartObject();
            write(json, result);
            json.WriteEndObject();
            await json.FlushAsync(context.RequestAborted);
        }

        json.WriteEndArray();
    }

    /// <summary>What a read, or a call, of one key gave.</summary>
    public static void Write(Utf8JsonWriter json, KeyResult<ReadReply> result)
    {
        if (result.Error is not null)
        {
            json.WriteString("status"u8, "failed"u8);
            Write(json, Describe(result.Error));
            return;
        }

        var reply = result.Result;
        json.WriteString("status"u8, reply.Status switch
        {
            ReadStatus.Hit => "hit"u8,
            ReadStatus.Stale => "stale"u8,
            ReadStatus.Loaded or ReadStatus.Joined => "loaded"u8,
            ReadStatus.Failed when reply.Problem is not { Kind: ProblemKind.NotFound } => "failed"u8,
            _ => "absent"u8,
        });
        if (reply.Value is { } value)
            Write(json, value, reply);
        else if (reply.Problem is { Kind: not ProblemKind.NotFound } problem)
            Write(json, FailureResponse.Describe(problem));
    }

    public static void Write(Utf8JsonWriter json, HttpProblem problem)
    {
        json.WriteStartObject("problem"u8);
        json.WriteString("type"u8, problem.Type);
        json.WriteString("title"u8, problem.Title);
        json.WriteNumber("status"u8, problem.Status);
        json.WriteString("detail"u8, problem.Detail);
        if (problem.RetryAfter is { } wait)
            json.WriteNumber("retryAfter"u8, Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)));
        json.WriteEndObject();
    }

    public static HttpProblem Describe(Exception error) => error switch
    {
        CacheUnavailableException unavailable => HttpProblem.Unavailable(unavailable.Message, unavailable.RetryAfter),
        ArgumentException wrong => HttpProblem.BadRequest("bad-entry", "The entry cannot be used", ErrorText.Of(wrong)),
        _ => new(StatusCodes.Status500InternalServerError, "internal", "The silo failed", error.GetType().Name),
    };

    private static void Write(Utf8JsonWriter json, EntryValue value, in ReadReply reply)
    {
        if (value.Version > 0)
            json.WriteNumber("version"u8, value.Version);
        json.WriteNumber("age"u8, Math.Max(0, reply.AgeMilliseconds) / 1000);
        if (value.IsAbsent)
            return;
        json.WriteString("contentType"u8, value.ContentType ?? "application/octet-stream");
        if (value.Encoding is null && SameValue.IsJson(value.ContentType) && IsWellFormed(value.Bytes))
        {
            json.WritePropertyName("value"u8);
            json.WriteRawValue(value.Bytes, skipInputValidation: true);
            return;
        }

        if (value.Encoding is { } encoding)
            json.WriteString("contentEncoding"u8, encoding);
        json.WriteBase64String("base64"u8, value.Bytes);
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
