using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>What <c>POST …/many</c> asks for: entries to read, or entries to write.</summary>
internal sealed record ManyBody
{
    /// <summary>One request names no more.</summary>
    public const int MaxKeys = 1_000;

    public string[]? Get { get; init; }
    public ManySetBody?[]? Set { get; init; }

    /// <summary>Fields that there are not.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>Reads the body; every fault is told before anything is done.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, string region, [NotNullWhen(true)] out ManyOrder? order, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (order, problem) = (null, null);
        try
        {
            var read = JsonSerializer.Deserialize(body, HttpJson.Default.ManyBody);
            order = read?.Read(region) ?? throw new ArgumentException("The body is null; give an object with get or set.");
        }
        catch (JsonException e)
        {
            problem = Bad(ErrorText.Of(e));
        }
        catch (ArgumentException e)
        {
            problem = Bad(ErrorText.Of(e));
        }

        return order is not null;
    }

    private ManyOrder Read(string region)
    {
        if (Others is { Count: > 0 })
            throw new ArgumentException($"{Others.Keys.First()} is no field here; give get or set.");
        if (Get is null == Set is null)
            throw new ArgumentException($"get and set are {(Get is null ? "both missing" : "both given")}; give one of them.");
        if ((Get?.Length ?? Set!.Length) is var count and > MaxKeys)
            throw new ArgumentException($"{(Get is null ? "set" : "get")} names {count} keys; name at most {MaxKeys} in one request.");
        if (Get is not null)
            return new([.. Get.Index().Select(one => KeyOf(region, one.Item, $"get[{one.Index}]"))], null);

        ManyWrite[] writes = [.. Set!.Index().Select(one => (one.Item ?? throw new ArgumentException($"set[{one.Index}] is null; give an object.")).Read(region, $"set[{one.Index}]"))];
        return writes.GroupBy(static write => write.Key).FirstOrDefault(static same => same.Skip(1).Any()) is { } twice
            ? throw new ArgumentException($"set has the key '{twice.Key.Key}' twice; give it once.")
            : new(null, writes);
    }

    internal static CacheKey KeyOf(string region, string? key, string place)
    {
        try
        {
            return CacheKey.Of(region, key ?? throw new ArgumentException("It is null; give a text."));
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{place}: {ErrorText.Of(e)}", e);
        }
    }

    private static HttpProblem Bad(string detail) => HttpProblem.BadRequest("bad-many", "The request for many keys cannot be used, and nothing was done", detail);
}

/// <summary>One entry to write. Spans are seconds.</summary>
internal sealed record ManySetBody
{
    public string? Key { get; init; }
    public JsonElement Value { get; init; }
    public long? MaxAge { get; init; }
    public long? StaleWhileRevalidate { get; init; }
    public string[]? Tags { get; init; }

    /// <summary>Fields that there are not.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public ManyWrite Read(string region, string place)
    {
        if (Others is { Count: > 0 })
            throw new ArgumentException($"{place}: {Others.Keys.First()} is no field of an entry; it has key, value, maxAge, staleWhileRevalidate and tags.");
        if (Value.ValueKind == JsonValueKind.Undefined)
            throw new ArgumentException($"{place}: value is missing; give JSON, null included.");
        var key = ManyBody.KeyOf(region, Key, $"{place}.key");
        try
        {
            return new(key, JsonMarshal.GetRawUtf8Value(Value).ToArray(), EventBody.OptionsOf(MaxAge, StaleWhileRevalidate, Tags));
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{place}: {ErrorText.Of(e)}", e);
        }
    }
}

/// <summary>What is asked for, checked: one of the two.</summary>
internal sealed record ManyOrder(CacheKey[]? Keys, ManyWrite[]? Writes);

/// <summary>One entry to write.</summary>
internal sealed record ManyWrite(CacheKey Key, byte[] Value, EntryOptions Options);
