namespace OrleansCache;

/// <summary>The arguments of one call.</summary>
/// <param name="bound">By name; the key is made of them.</param>
/// <param name="more">What tags may name besides.</param>
internal readonly struct CallArguments((string Name, object? Value)[] bound, (string Name, object? Value)[]? more = null)
{
    public (string Name, object? Value)[] Bound => bound;

    /// <summary>The tags with the arguments in them; one that names a null is left out.</summary>
    public string[] Fill(CallTemplate[] tags)
    {
        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        var (all, others) = (bound, more ?? []);
        foreach (var parameter in tags.SelectMany(static tag => tag.Parameters))
            texts[parameter.Name] = ArgumentText.Of(parameter.Name, Array.Find([.. all, .. others], argument => argument.Name == parameter.Name).Value);
        return [.. tags.Select(tag => tag.Tag(texts)).OfType<string>()];
    }

    public IReadOnlyDictionary<string, object?> ByName() => bound.ToDictionary(static argument => argument.Name, static argument => argument.Value, StringComparer.Ordinal);
}
