using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansCache;

/// <summary>One HTTP request for many keys, and each key's part of its answer.</summary>
internal static class ManyValues
{
    /// <summary>The path and query for all of them.</summary>
    public static string Path(ManyCalls many, IReadOnlyList<IReadOnlyDictionary<string, string?>> keys)
    {
        var joined = string.Join(many.Separator, keys.Select(arguments => Uri.EscapeDataString(arguments[many.Argument!]!)));
        var arguments = new Dictionary<string, string?>(keys[0], StringComparer.Ordinal) { [many.Argument!] = joined };
        return many.Path!.Path(arguments, text => ReferenceEquals(text, joined) ? text : Uri.EscapeDataString(text));
    }

    /// <summary>The value of each; a key that the answer leaves out is absent, and what is no list of values is everybody's failure.</summary>
    public static IReadOnlyList<IntegrationResponse> Of(ManyCalls many, IReadOnlyList<IReadOnlyDictionary<string, string?>> keys, IntegrationResponse whole)
    {
        if (whole.Kind is IntegrationResponseKind.Absent)
            whole = IntegrationResponse.Failed("The origin answered 404 to a call for many keys: it has nothing under the path of Many.");
        if (whole.Kind is not IntegrationResponseKind.Value)
            return [.. keys.Select(_ => whole)];
        if (whole.Encoding is not null)
            return [.. keys.Select(_ => IntegrationResponse.Failed($"The answer for many keys has the content encoding '{whole.Encoding}'."))];
        try
        {
            using var json = JsonDocument.Parse(whole.Body);
            var values = Values(many, json.RootElement);
            return [.. keys.Select(arguments => Answer(values, arguments[many.Argument!]!, whole))];
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return [.. keys.Select(_ => IntegrationResponse.Failed($"The answer for many keys cannot be used: {e.Message}"))];
        }
    }

    private static IntegrationResponse Answer(Dictionary<string, JsonElement> values, string wanted, IntegrationResponse whole) =>
        values.TryGetValue(wanted, out var value) && value.ValueKind != JsonValueKind.Null
            ? IntegrationResponse.Value(JsonMarshal.GetRawUtf8Value(value).ToArray(), whole.ContentType) with { StatusCode = whole.StatusCode }
            : IntegrationResponse.Absent;

    private static Dictionary<string, JsonElement> Values(ManyCalls many, JsonElement root)
    {
        var items = At(root, many.Items);
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (many.Id is null)
        {
            if (items.ValueKind != JsonValueKind.Object)
                throw new FormatException($"at '{many.Items}' there is no object with a member for each value of the argument; for an array set Id.");
            foreach (var member in items.EnumerateObject())
                values[member.Name] = member.Value;
            return values;
        }

        if (items.ValueKind != JsonValueKind.Array)
            throw new FormatException($"at '{many.Items}' there is no array; for an object with a member for each value leave Id out.");
        foreach (var item in items.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(many.Id, out var id) || id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                throw new FormatException($"a value at '{many.Items}' has no member '{many.Id}' that says whose it is.");
            values[id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText()] = item;
        }

        return values;
    }

    /// <summary>What a JSON Pointer (RFC 6901) names.</summary>
    private static JsonElement At(JsonElement element, string pointer)
    {
        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var isThere = element.ValueKind switch
            {
                JsonValueKind.Object => element.TryGetProperty(name, out element),
                JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength() => (element = element[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!isThere)
                throw new FormatException($"there is nothing at '{pointer}'.");
        }

        return element;
    }
}
