using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Reads tags with arguments in braces.</summary>
internal static class TagTemplates
{
    /// <param name="path">Of the list.</param>
    /// <param name="texts">As configured.</param>
    /// <param name="known">The method's arguments; null when they could not be read.</param>
    /// <param name="errors">Gets what is wrong.</param>
    public static ImmutableArray<CallTemplate> Read(string path, IReadOnlyList<string> texts, ImmutableArray<ParameterDescription>? known, ConfigurationErrors errors)
    {
        var tags = ImmutableArray.CreateBuilder<CallTemplate>();
        foreach (var (i, text) in texts.Index())
        {
            var at = $"{path}:{i}";
            if (text.Length == 0 || CallTemplate.ParseText(text) is not { } tag)
            {
                errors.Add(at, text, "write text with arguments in braces, such as 'country:{code}'");
                continue;
            }

            foreach (var unknown in known is not { } parameters ? [] : tag.Parameters.Where(used => !parameters.Any(parameter => parameter.Name == used.Name)))
                errors.Add(at, text, $"the method has no argument '{unknown.Name}'; {DidYouMean.Hint(unknown.Name, [.. known!.Value.Select(parameter => parameter.Name)])}");
            tags.Add(tag);
        }

        return tags.ToImmutable();
    }
}
