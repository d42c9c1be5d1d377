using System.Text.Json;
using Microsoft.AspNetCore.Http.Headers;

namespace OrleansCache.Samples;

internal static class ContentEndpoints
{
    private const int MaxIdLength = 64;

    public static void MapContent(this IEndpointRouteBuilder app, OriginClock clock)
    {
        var countries = new Countries();
        var currencies = new Currencies(countries);
        var zones = new TimeZones(clock.Time);
        var orders = new Orders(clock);

        app.MapGet("/countries/{code}", (string code) => countries.Find(code) is { } country
            ? Answer.Content(country, Orders.SeededAt)
            : Answer.NotFound("country", code));
        app.MapGet("/currencies/{code}", (string code) => currencies.Find(code) is { } currency
            ? Answer.Content(currency)
            : Answer.NotFound("currency", code));
        app.MapGet("/timezones/{**id}", (string? id) => zones.Find(id ?? "") is { } zone
            ? Answer.Content(zone)
            : Answer.NotFound("time zone", id ?? ""));

        app.MapGet("/orders", (HttpRequest request) => List(orders, request));
        app.MapGet("/orders/{id}", (string id) => orders.Find(id) is { } order
            ? Answer.Versioned(order)
            : Answer.NotFound("order", id));
        app.MapPut("/orders/{id}", (string id, HttpRequest request) => PutAsync(orders, id, request));
    }

    private static IResult List(Orders orders, HttpRequest request)
    {
        string? status = request.Query.TryGetValue("status", out var given) ? given.ToString() : null;
        return status is null || Order.Statuses.Contains(status)
            ? Answer.Content(orders.List(status))
            : new Problem("status", status, $"give one of {string.Join(", ", Order.Statuses)}", Order.Statuses).ToResult();
    }

    private static async Task<IResult> PutAsync(Orders orders, string id, HttpRequest request)
    {
        if (id.Length > MaxIdLength || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return new Problem("id", id, $"give 1 to {MaxIdLength} letters, digits, - or _").ToResult();

        JsonElement body;
        try
        {
            body = await JsonSerializer.DeserializeAsync<JsonElement>(request.Body, Json.Options, request.HttpContext.RequestAborted);
        }
        catch (JsonException exception)
        {
            return new Problem("body", "not JSON", $"give a JSON object such as {{\"status\": \"paid\"}} ({exception.Message.TrimEnd('.')})").ToResult();
        }
        catch (BadHttpRequestException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: exception.StatusCode);
        }

        if (!OrderUpdate.TryParse(body, out var update, out var problem))
            return problem.ToResult();

        var conditions = request.GetTypedHeaders();
        var (outcome, order) = orders.Put(id, update, before => Holds(conditions, before));
        if (order is not null)
            request.HttpContext.Response.Headers.ETag = $"\"{Answer.ETagOf(order)}\"";
        return outcome switch
        {
            OrderOutcome.Created => TypedResults.Json(order, Json.Options, statusCode: StatusCodes.Status201Created),
            OrderOutcome.Replaced => TypedResults.Json(order, Json.Options),
            OrderOutcome.Conflict => TypedResults.Problem(
                $"The condition does not hold: order \"{id}\" {(order is null ? "does not exist" : $"is at version {order.Version}")}.",
                statusCode: StatusCodes.Status412PreconditionFailed),
            _ => TypedResults.Problem(
                $"There are {Orders.Capacity} orders, which is all that fit; write one that exists.",
                statusCode: StatusCodes.Status507InsufficientStorage),
        };
    }

    private static bool Holds(RequestHeaders conditions, Order? before)
    {
        bool Names(Microsoft.Net.Http.Headers.EntityTagHeaderValue tag) =>
            before is not null && (tag.Tag == "*" || tag.Tag == $"\"{Answer.ETagOf(before)}\"");
        return (conditions.IfMatch.Count == 0 || conditions.IfMatch.Any(tag => !tag.IsWeak && Names(tag))) && !conditions.IfNoneMatch.Any(Names);
    }
}
