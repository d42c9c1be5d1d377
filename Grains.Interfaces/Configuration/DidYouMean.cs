namespace OrleansCache;

/// <summary>Finds the known name that a misspelt one most likely stands for.</summary>
internal static class DidYouMean
{
    /// <summary>A known name at most a third of its letters away (Damerau–Levenshtein with neighbours swapped, letter case aside), or null.</summary>
    public static string? Nearest(string name, IEnumerable<string> known) => known
        .Select(candidate => (candidate, distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
        .Where(pair => pair.distance <= Math.Max(1, (pair.candidate.Length + 1) / 3))
        .OrderBy(pair => pair.distance)
        .ThenBy(pair => pair.candidate, StringComparer.Ordinal)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    /// <summary>A sentence's end: <c>did you mean 'PerSecond'?</c>, or the names there are.</summary>
    public static string Hint(string name, IReadOnlyCollection<string> known) =>
        Nearest(name, known) is { } nearest ? $"did you mean '{nearest}'?"
        : known.Count == 0 ? "remove it"
        : $"known are {string.Join(", ", known.Order(StringComparer.Ordinal))}";

    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, replaced);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }
}
