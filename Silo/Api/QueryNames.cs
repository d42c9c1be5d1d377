namespace OrleansCache;

/// <summary>The names in the query of a request to the API: one that is misspelt is not one that was left out.</summary>
internal static class QueryNames
{
    /// <summary>Null when all names are known; else what is wrong with the first that is not.</summary>
    public static HttpProblem? Refuse(ReadOnlySpan<char> query, ReadOnlySpan<string> known)
    {
        if (query.IsEmpty)
            return null;
        if (!QueryArguments.TryParse(query, out var given, out var unreadable))
            return unreadable;
        foreach (var name in given.Keys)
        {
            if (!known.Contains(name))
                return HttpProblem.BadRequest("surplus-argument", "The request has an argument that nothing here knows", $"'{name}' is no argument of this path{Remedy(name, known.ToArray())}");
        }

        return null;
    }

    private static string Remedy(string name, string[] known) =>
        known.Length == 0 ? ", which takes none; leave it out, and write a ? of a key as %3F."
        : $": {DidYouMean.Hint(name, known)}" is [.., '?'] asks ? asks
        : $"; known are {string.Join(", ", known)}.";
}
