namespace OrleansCache.Samples;

/// <summary>What drives and watches the origin: never delayed, limited, counted or failing.</summary>
internal static class ControlEndpoints
{
    private static readonly string[] Paths = ["/calls", "/failure", "/healthz"];

    /// <summary>As routing sees it, which takes any case and a slash at the end.</summary>
    public static bool Has(string path) => Paths.Contains(path.TrimEnd('/'), StringComparer.OrdinalIgnoreCase);

    public static void MapControl(this IEndpointRouteBuilder app, FrontDoor door)
    {
        app.MapGet("/healthz", () => TypedResults.Json(new { status = "ok" }, Json.Options));

        app.MapGet("/calls", () => TypedResults.Json(door.Calls(), Json.Options));
        app.MapDelete("/calls", () =>
        {
            door.ForgetCalls();
            return TypedResults.NoContent();
        });

        app.MapGet("/failure", () => TypedResults.Json(door.Failure ?? Failure.Off, Json.Options));
        app.MapPost("/failure", (HttpRequest request) =>
        {
            if (!Failure.TryParse(request.Query, out var failure, out var problem))
                return problem.ToResult();
            door.Failure = failure;
            return TypedResults.Json(failure, Json.Options);
        });
        app.MapDelete("/failure", () =>
        {
            door.Failure = null;
            return TypedResults.NoContent();
        });
    }
}
