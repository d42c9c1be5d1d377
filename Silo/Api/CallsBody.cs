using System.Text.Json;

namespace OrleansCache;

/// <summary>The arguments of many calls: <c>{ "calls": [ { "code": "NL" }, … ] }</c>.</summary>
internal static class CallsBody
{
    /// <exception cref="ArgumentException">Names what cannot be used.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static Dictionary<string, string?>[] Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("calls"u8, out var calls) || calls.ValueKind != JsonValueKind.Array)
            throw new ArgumentException("There is no array calls; give an object with one, and in it the arguments of each call.");
        if (json.RootElement.EnumerateObject().Select(static member => member.Name).FirstOrDefault(static name => name != "calls") is { } surplus)
            throw new ArgumentException($"{surplus} is no field here; give calls alone.");
        if (calls.GetArrayLength() is var count and > ManyBody.MaxKeys)
            throw new ArgumentException($"calls has {count} entries; give at most {ManyBody.MaxKeys} in one request.");
        return [.. calls.EnumerateArray().Index().Select(static call => Arguments(call.Item, call.Index))];
    }

    private static Dictionary<string, string?> Arguments(JsonElement call, int index)
    {
        if (call.ValueKind != JsonValueKind.Object)
            throw new ArgumentException($"calls[{index}] is no object; give the arguments by name.");
        var arguments = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var argument in call.EnumerateObject())
        {
            var value = argument.Value.ValueKind switch
            {
                JsonValueKind.String => argument.Value.GetString(),
                JsonValueKind.Null => null,
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => argument.Value.GetRawText(),
                _ => throw new ArgumentException($"calls[{index}].{argument.Name} is no argument; give a text, a number, true, false or null."),
            };
            if (!arguments.TryAdd(argument.Name, value))
                throw new ArgumentException($"calls[{index}] has the argument '{argument.Name}' twice; give it once.");
        }

        return arguments;
    }
}
