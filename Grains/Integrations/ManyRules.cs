using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What the settings of a call for many keys must be.</summary>
internal static class ManyRules
{
    private const int Most = 1_000;

    /// <summary>Null when they cannot be used; the errors say why.</summary>
    public static ManyCalls? Read(string path, ManyOptions options, bool inCode, ImmutableArray<ParameterDescription> parameters, ConfigurationErrors errors)
    {
        if (options.Max is < 2 or > Most)
            errors.Add($"{path}:{nameof(options.Max)}", options.Max, $"set 2 to {Most}");
        return inCode ? InCode(path, options, errors) : Http(path, options, parameters, errors);
    }

    private static ManyCalls InCode(string path, ManyOptions options, ConfigurationErrors errors)
    {
        foreach (var (name, text) in new[]
        {
            (nameof(options.Get), options.Get), (nameof(options.Argument), options.Argument), (nameof(options.Separator), options.Separator), (nameof(options.Items), options.Items), (nameof(options.Id), options.Id),
        })
        {
            if (text is not null)
                errors.Add($"{path}:{name}", text, "this integration is in code and is handed all arguments; set Max alone");
        }

        return new() { Max = options.Max };
    }

    private static ManyCalls? Http(string path, ManyOptions options, ImmutableArray<ParameterDescription> parameters, ConfigurationErrors errors)
    {
        if (options.Get is null)
        {
            errors.Add($"{path}:{nameof(options.Get)}", null, "set a path with all the method's arguments, such as 'countries?codes={code}'");
            return null;
        }

        var template = CallTemplate.ParsePath(options.Get, out var error);
        if (template is null)
            errors.Add($"{path}:{nameof(options.Get)}", options.Get, $"it {error}");
        var names = parameters.Select(static parameter => parameter.Name).ToArray();
        if (template is not null && !template.Parameters.Select(static parameter => parameter.Name).ToHashSet().SetEquals(names))
            errors.Add($"{path}:{nameof(options.Get)}", options.Get, $"it needs the method's arguments and no others: {string.Join(", ", names)}");
        if (options.Argument is null || !names.Contains(options.Argument))
            errors.Add($"{path}:{nameof(options.Argument)}", options.Argument, $"name the argument that stands for many values: {string.Join(", ", names)}");
        var separator = options.Separator ?? ",";
        if (separator.Length == 0 || separator.AsSpan().ContainsAnyExceptInRange('!', '~') || separator.Contains('#', StringComparison.Ordinal))
            errors.Add($"{path}:{nameof(options.Separator)}", separator, "set what stands between two values in an address, such as ','");
        if (options.Items is not (null or ['/', ..]))
            errors.Add($"{path}:{nameof(options.Items)}", options.Items, "write a JSON Pointer such as '/data', or leave it out for the whole answer");
        if (options.Id is { Length: 0 })
            errors.Add($"{path}:{nameof(options.Id)}", options.Id, "name the member of each value that says whose it is, or leave it out for an object with a member for each");
        return template is null ? null
            : new() { Max = options.Max, Path = template, Argument = options.Argument, Separator = separator, Items = options.Items ?? "", Id = options.Id };
    }
}
