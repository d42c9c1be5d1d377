namespace OrleansCache;

/// <summary><c>PUT|POST|PATCH|DELETE /{integration}/{method}?arg=value</c>: an integration's writing method, in the turn of the entry that it stands for.</summary>
internal sealed class GatewayWrites(IIntegrationWrites writes, CallerGate gate, SiloStatistics statistics)
{
    public const string Methods = "GET, HEAD, PUT, POST, PATCH, DELETE";

    public ValueTask HandleAsync(HttpContext context, string integration, string method, ReadOnlySpan<char> query) =>
        QueryArguments.TryParse(query, out var arguments, out var problem)
            ? WriteAsync(context, integration, method, arguments)
            : new(problem.WriteAsync(context));

    private async ValueTask WriteAsync(HttpContext context, string integration, string method, Dictionary<string, string?> arguments)
    {
        var request = context.Request;
        if (request.Headers is { IfMatch.Count: > 0 } or { IfNoneMatch.Count: > 0 } or { IfUnmodifiedSince.Count: > 0 })
        {
            await Preconditions.Unreadable("A write by a method judges no If-Match, If-None-Match or If-Unmodified-Since; leave the header out, or send the origin's own condition as an argument.").WriteAsync(context);
            return;
        }

        var pass = await gate.PassAsync(context, integration);
        if (pass.Refusal is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        if (await BodyReader.ReadAsync(request, context.RequestAborted) is not { } body)
        {
            await HttpProblem.TooLarge("The body is larger than an entry may be", request.ContentLength).WriteAsync(context);
            return;
        }

        IntegrationWrite written;
        try
        {
            var encoding = request.Headers.ContentEncoding.Count > 0 ? request.Headers.ContentEncoding.ToString() : null;
            var sent = new WriterBody(body.Length > 0 ? body : null, request.ContentType, encoding, request.Method, pass.Token);
            written = await writes.RunAsync(integration, method, arguments, sent, context.RequestAborted);
        }
        catch (ArgumentException e)
        {
            await HttpProblem.BadRequest("bad-argument", "An argument cannot be used", ErrorText.Of(e)).WriteAsync(context);
            return;
        }

        gate.Heard(context, integration, written.Answer.Problem);
        await AnswerAsync(context, integration, written);
    }

    private ValueTask AnswerAsync(HttpContext context, string integration, in IntegrationWrite written)
    {
        var answer = written.Answer;
        var headers = context.Response.Headers;
        headers["Cache-Status"] = CacheStatus.Of(in answer, written.Version > 0);
        if (answer.Problem is { } problem)
        {
            if (problem.Kind is not (ProblemKind.BadCall or ProblemKind.NotFound or ProblemKind.OriginRefused))
                statistics.Noted(integration, problem);
            return FailureResponse.WriteAsync(context, problem);
        }

        headers.CacheControl = "no-store";
        if (answer.Location is { } location)
            headers.Location = location;
        if (written.Version > 0)
            headers.ETag = EntityTags.Of(written.Version);
        if (answer.Encoding is { } encoding)
            headers.ContentEncoding = encoding;
        var status = answer.StatusCode > 0 ? answer.StatusCode : StatusCodes.Status200OK;
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)
        {
            context.Response.StatusCode = status;
            return default;
        }

        return ValueResponse.WriteBytesAsync(context, status, answer.Bytes ?? [], answer.ContentType);
    }
}
