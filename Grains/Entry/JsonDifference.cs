using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace OrleansCache;

/// <summary>
/// What changed between two values, by places: the order of members and the spelling of numbers do not count, the order of an array does. Bounded
/// in places and in the length of what is shown of each. What is no JSON is compared as a whole.
/// </summary>
internal static class JsonDifference
{
    public const int MostChanges = 100;
    public const int LongestText = 200;

    public static (ImmutableArray<ValueChange> Changes, bool HasMore) Of(EntryValue old, EntryValue now)
    {
        if (old.Encoding is null && now.Encoding is null && SameValue.IsJson(old.ContentType) && SameValue.IsJson(now.ContentType))
        {
            try
            {
                using var before = JsonDocument.Parse(old.Bytes);
                using var after = JsonDocument.Parse(now.Bytes);
                var found = new Found();
                found.Compare("", before.RootElement, after.RootElement);
                return (found.Changes.ToImmutable(), found.HasMore);
            }
            catch (JsonException)
            {
                // One of them only says that it is.
            }
        }

        return old.ContentType == now.ContentType && old.Encoding == now.Encoding && old.Bytes.AsSpan().SequenceEqual(now.Bytes)
            ? ([], false)
            : ([new("", ValueChangeKind.Changed, Describe(old), Describe(now))], false);
    }

    private static string Describe(EntryValue value) =>
        value.IsAbsent ? "absent" : string.Create(CultureInfo.InvariantCulture, $"{value.Bytes.Length} bytes of {value.ContentType ?? "no type"}{(value.Encoding is null ? "" : $", {value.Encoding}")}");

    private sealed class Found
    {
        public ImmutableArray<ValueChange>.Builder Changes { get; } = ImmutableArray.CreateBuilder<ValueChange>();

        public bool HasMore { get; private set; }

        public void Compare(string path, JsonElement old, JsonElement now)
        {
            if (HasMore)
                return;
            if (old.ValueKind == JsonValueKind.Object && now.ValueKind == JsonValueKind.Object)
                CompareMembers(path, old, now);
            else if (old.ValueKind == JsonValueKind.Array && now.ValueKind == JsonValueKind.Array)
                CompareItems(path, old, now);
            else if (!JsonElement.DeepEquals(old, now))
                Add(path, ValueChangeKind.Changed, old, now);
        }

        private void CompareMembers(string path, JsonElement old, JsonElement now)
        {
            var gone = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var member in old.EnumerateObject())
                gone[member.Name] = member.Value;
            foreach (var member in now.EnumerateObject())
            {
                var at = $"{path}/{Escaped(member.Name)}";
                if (gone.Remove(member.Name, out var before))
                    Compare(at, before, member.Value);
                else
                    Add(at, ValueChangeKind.Added, null, member.Value);
            }

            foreach (var (name, before) in gone)
                Add($"{path}/{Escaped(name)}", ValueChangeKind.Removed, before, null);
        }

        private void CompareItems(string path, JsonElement old, JsonElement now)
        {
            var (before, after) = (old.GetArrayLength(), now.GetArrayLength());
            for (var i = 0; i < Math.Max(before, after) && !HasMore; i++)
            {
                var at = string.Create(CultureInfo.InvariantCulture, $"{path}/{i}");
                if (i >= before)
                    Add(at, ValueChangeKind.Added, null, now[i]);
                else if (i >= after)
                    Add(at, ValueChangeKind.Removed, old[i], null);
                else
                    Compare(at, old[i], now[i]);
            }
        }

        private void Add(string path, ValueChangeKind kind, JsonElement? old, JsonElement? now)
        {
            if (Changes.Count < MostChanges)
                Changes.Add(new(path, kind, Text(old), Text(now)));
            else
                HasMore = true;
        }

        private static string? Text(JsonElement? value)
        {
            if (value?.GetRawText() is not { } text || text.Length <= LongestText)
                return value?.GetRawText();
            var end = char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText;
            return text[..end] + "…";
        }

        private static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }
}
