using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OrleansCache.Samples;

/// <summary>What a writer may set. Fields that are left out stay as they are; id, total and version are the origin's own.</summary>
internal sealed record OrderUpdate(string Status, string? User, ImmutableArray<OrderLine>? Lines)
{
    public const int MaxLines = 100;
    public const int MaxUserLength = 100;

    private const string LineRemedy = "give {\"sku\", \"quantity\" (1 to 1000000), \"unitPrice\" (0 to 1000000)}";

    public static bool TryParse(JsonElement body, [NotNullWhen(true)] out OrderUpdate? update, [NotNullWhen(false)] out Problem? problem)
    {
        update = null;
        if (body.ValueKind != JsonValueKind.Object)
            return Fail(new("body", Text(body), "give a JSON object such as {\"status\": \"paid\"}"), out problem);

        var status = body.TryGetProperty("status", out var given) ? Text(given) : null;
        if (status is null || given.ValueKind != JsonValueKind.String || !Order.Statuses.Contains(status))
            return Fail(new("status", status, $"give one of {string.Join(", ", Order.Statuses)}", Order.Statuses), out problem);

        var user = body.TryGetProperty("user", out var name) ? Text(name) : null;
        if (user is not null && (name.ValueKind != JsonValueKind.String || user.Length is 0 or > MaxUserLength))
            return Fail(new("user", user, $"give 1 to {MaxUserLength} characters"), out problem);

        ImmutableArray<OrderLine>? lines = null;
        if (body.TryGetProperty("lines", out var list))
        {
            if (!TryParseLines(list, out var parsed, out problem))
                return false;
            lines = parsed;
        }

        (update, problem) = (new OrderUpdate(status, user, lines), null);
        return true;
    }

    private static bool TryParseLines(JsonElement list, out ImmutableArray<OrderLine> lines, [NotNullWhen(false)] out Problem? problem)
    {
        lines = [];
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaxLines)
            return Fail(new("lines", list.ValueKind.ToString(), $"give an array of at most {MaxLines}"), out problem);

        var parsed = ImmutableArray.CreateBuilder<OrderLine>(list.GetArrayLength());
        foreach (var line in list.EnumerateArray())
        {
            if (line.ValueKind != JsonValueKind.Object
                || !line.TryGetProperty("sku", out var sku) || sku.ValueKind != JsonValueKind.String || sku.GetString() is not { Length: > 0 and <= 100 } code
                || !line.TryGetProperty("quantity", out var count) || count.ValueKind != JsonValueKind.Number
                || !count.TryGetInt32(out var quantity) || quantity is < 1 or > 1_000_000
                || !line.TryGetProperty("unitPrice", out var price) || price.ValueKind != JsonValueKind.Number
                || !price.TryGetDecimal(out var unitPrice) || unitPrice is < 0 or > 1_000_000)
                return Fail(new($"lines[{parsed.Count}]", line.GetRawText(), LineRemedy), out problem);
            parsed.Add(new(code, quantity, unitPrice));
        }

        (lines, problem) = (parsed.ToImmutable(), null);
        return true;
    }

    private static string? Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => null,
        JsonValueKind.String => element.GetString(),
        _ => element.GetRawText(),
    };

    private static bool Fail(Problem found, out Problem problem)
    {
        problem = found;
        return false;
    }
}
