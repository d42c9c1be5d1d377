namespace OrleansCache;

/// <summary>Tags with arguments in them, as integrations, attributes and strategies make them of their templates.</summary>
public static class CacheTag
{
    /// <summary>The tag that a template stands for: <c>CacheTag.Of("order:{id}", ("id", id))</c>. Of an argument a comma, a percent sign and a control
    /// character, which a tag cannot contain or which would be taken for one, is percent-encoded: <c>a,b</c> is <c>a%2Cb</c>.</summary>
    /// <param name="template">Text with arguments in braces.</param>
    /// <param name="arguments">Theirs, and no others.</param>
    /// <exception cref="ArgumentException">The braces are no arguments, an argument is missing, null, surplus or has no text, or the tag is too long.</exception>
    public static string Of(string template, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        ArgumentNullException.ThrowIfNull(template);
        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in arguments)
            texts[name] = ArgumentText.Of(name, value);
        var parsed = DecoratedCall.TagOf(template, texts.Keys);
        foreach (var (name, text) in texts)
        {
            if (text is null)
                throw new ArgumentException($"The argument '{name}' of the tag '{template}' is null; give it a value.", nameof(arguments));
            if (!parsed.Parameters.Any(parameter => parameter.Name == name))
                throw new ArgumentException($"The tag '{template}' has no argument '{name}'; leave it out, or write '{{{name}}}' in the tag.", nameof(arguments));
        }

        return EntryOptionRules.CheckedTag(parsed.Tag(texts)!);
    }
}
