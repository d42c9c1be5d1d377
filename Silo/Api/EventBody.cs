using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>One event, as its source sends it. Spans are seconds.</summary>
internal sealed record EventBody
{
    private const string Fields = "source, sequence, region, key, value, maxAge, staleWhileRevalidate, tags, invalidates and debounce";

    public string? Source { get; init; }
    public long? Sequence { get; init; }
    public string? Region { get; init; }
    public string? Key { get; init; }

    /// <summary>The new value, null included; left out, the event removes.</summary>
    public JsonElement Value { get; init; }
    public long? MaxAge { get; init; }
    public long? StaleWhileRevalidate { get; init; }

    /// <summary>Tags of the new value.</summary>
    public string[]? Tags { get; init; }

    /// <summary>Tags of what the event makes out of date, such as the lists that the key left and came into.</summary>
    public string[]? Invalidates { get; init; }

    /// <summary>Seconds of quiet that <see cref="Invalidates"/> wait for, so that a burst of events invalidates once.</summary>
    public double? Debounce { get; init; }

    /// <summary>Fields that an event does not have.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <exception cref="ArgumentException">Names what cannot be used.</exception>
    public CacheEvent Read()
    {
        if (Others is { Count: > 0 })
            throw new ArgumentException($"{Others.Keys.First()} is no field of an event; it has {Fields}.");
        if ((Source is null ? "source" : Sequence is null ? "sequence" : Region is null ? "region" : Key is null ? "key" : null) is { } missing)
            throw new ArgumentException($"{missing} is missing; an event has source, sequence, region and key.");
        var when = WriteCondition.IfNewerSource(Source!, Sequence!.Value);
        var isRemoval = Value.ValueKind == JsonValueKind.Undefined;
        if (isRemoval && (MaxAge ?? StaleWhileRevalidate) is not null)
            throw new ArgumentException("maxAge or staleWhileRevalidate is given and value is not: a removal has no lifetime; leave them out, or give the value.");
        if (isRemoval && Tags is not null)
            throw new ArgumentException("tags is given and value is not: a removal has no tags. What the event makes out of date is named in invalidates.");
        var options = OptionsOf(MaxAge, StaleWhileRevalidate, Tags);
        return new(CacheKey.Of(Region!, Key!), when, isRemoval ? null : JsonMarshal.GetRawUtf8Value(Value).ToArray(), options, [.. (Invalidates ?? []).Select(EntryOptionRules.CheckedTag)], DebounceText.Of(Debounce, atMost: null));
    }

    /// <summary>Lifetimes in seconds, and tags, checked.</summary>
    /// <exception cref="ArgumentException">Names what cannot be used.</exception>
    public static EntryOptions OptionsOf(long? maxAge, long? staleWhileRevalidate, string[]? tags)
    {
        if (maxAge is < 1)
            throw new ArgumentException($"maxAge is {maxAge}; give whole seconds, 1 or more.");
        if (staleWhileRevalidate is < 0 || (staleWhileRevalidate > 0 && maxAge is null))
            throw new ArgumentException($"staleWhileRevalidate is {staleWhileRevalidate}; give whole seconds, 0 or more, and maxAge with it.");
        return EntryOptionRules.Checked(new() { FreshFor = Span(maxAge), StaleFor = Span(staleWhileRevalidate), Tags = tags ?? [] });
    }

    /// <summary>One event, or an array of them; every fault is told with its place before anything is done.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out CacheEvent[]? events, out bool isArray, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (events, problem) = (null, null);
        isArray = body.TrimStart(" \t\r\n"u8) is [(byte)'[', ..];
        var place = isArray ? "" : "The event";
        try
        {
            EventBody?[]? bodies = isArray
                ? JsonSerializer.Deserialize(body, HttpJson.Default.EventBodyArray)
                : [JsonSerializer.Deserialize(body, HttpJson.Default.EventBody)];
            var read = new List<CacheEvent>();
            foreach (var (number, one) in bodies!.Index())
            {
                place = isArray ? $"Event {number} (from 0)" : place;
                read.Add((one ?? throw new ArgumentException("It is null; give an object.")).Read());
            }

            events = [.. read];
            return true;
        }
        catch (JsonException e)
        {
            problem = Bad(ErrorText.Of(e));
        }
        catch (ArgumentException e)
        {
            problem = Bad($"{place}: {ErrorText.Of(e)}");
        }

        return false;
    }

    private static HttpProblem Bad(string detail) => HttpProblem.BadRequest("bad-event", "The events cannot be used, and none was", detail);

    private static TimeSpan? Span(long? seconds) => seconds is { } s ? TimeSpan.FromSeconds(Math.Min(s, int.MaxValue)) : null;
}

/// <summary>A change of one key that its source asks for.</summary>
/// <param name="Key">What it is about.</param>
/// <param name="When">Newer than what the key has heard.</param>
/// <param name="Value">JSON; null removes.</param>
/// <param name="Options">Lifetime and tags of the value.</param>
/// <param name="Invalidates">Tags to raise after it.</param>
/// <param name="Debounce">The quiet that these wait for; null for none.</param>
internal sealed record CacheEvent(CacheKey Key, WriteCondition When, byte[]? Value, EntryOptions Options, string[] Invalidates, Debounce? Debounce);

/// <summary>What became of an event.</summary>
/// <param name="Status"><c>applied</c>, or <c>superseded</c>: the key had heard that one or a later one.</param>
/// <param name="Version">The key's version now; 0 for none.</param>
internal sealed record EventResultBody(string Status, long Version);
