using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace OrleansCache;

/// <summary>The entity tags of <c>If-Match</c> and <c>If-None-Match</c>. A value's tag is its version in quotes.</summary>
internal readonly record struct EntityTags
{
    private readonly List<(bool Weak, long Version)>? _tags;

    private EntityTags(bool any, List<(bool, long)>? tags) => (IsAny, _tags) = (any, tags);

    /// <summary>True for <c>*</c>.</summary>
    public bool IsAny { get; }

    /// <summary>The versions that a strong comparison may match; a tag that is no version of ours matches nothing.</summary>
    public IEnumerable<long> Strong => _tags?.Where(tag => !tag.Weak && tag.Version > 0).Select(tag => tag.Version) ?? [];

    public static string Of(long version) => $"\"{HttpNumber.Text(version)}\"";

    /// <summary>True when every tag is weak: none matches where the comparison is strong.</summary>
    public bool AreWeak => _tags?.TrueForAll(tag => tag.Weak) ?? false;

    /// <summary>The strong comparison of <c>If-Match</c>.</summary>
    public bool MatchesStrongly(long version) => IsAny || (version > 0 && (_tags?.Exists(tag => !tag.Weak && tag.Version == version) ?? false));

    /// <summary>The weak comparison of <c>If-None-Match</c>.</summary>
    public bool MatchesWeakly(long version) => version > 0 && (IsAny || (_tags?.Exists(tag => tag.Version == version) ?? false));

    public static bool TryParse(StringValues header, string name, out EntityTags tags, [NotNullWhen(false)] out string? error)
    {
        (tags, error) = (default, null);
        var text = header.ToString().AsSpan().Trim();
        if (text is "*")
        {
            tags = new(any: true, null);
            return true;
        }

        var list = new List<(bool, long)>();
        while (!text.IsEmpty)
        {
            var weak = text.StartsWith("W/", StringComparison.Ordinal);
            var rest = weak ? text[2..] : text;
            var end = rest is ['"', ..] ? rest[1..].IndexOf('"') : -1;
            if (end < 0)
                break;
            list.Add((weak, long.TryParse(rest.Slice(1, end), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0));
            text = rest[(end + 2)..].TrimStart();
            if (text is [',', ..])
                text = text[1..].TrimStart();
            else if (!text.IsEmpty)
                break;
        }

        if (!text.IsEmpty || list.Count == 0)
        {
            error = $"{name} is {header}; give * or tags in quotes, such as \"42\", as an ETag header shows them.";
            return false;
        }

        tags = new(any: false, list);
        return true;
    }
}
