namespace OrleansCache;

/// <summary>Reads where the version of a method comes from.</summary>
internal static class VersionReader
{
    /// <param name="path">The method's.</param>
    /// <param name="method">As resolved.</param>
    /// <param name="options">As configured.</param>
    /// <param name="methods">All of the integration.</param>
    /// <param name="errors">Gets what is wrong.</param>
    /// <returns>Null without a version, and with errors.</returns>
    public static VersionPolicy? Read(string path, IntegrationMethod method, MethodOptions options, IReadOnlyDictionary<string, IntegrationMethod> methods, ConfigurationErrors errors)
    {
        var at = $"{path}:{nameof(options.Version)}";
        var before = errors.All.Count;
        if (options.Strategy is not Strategy.Versioned)
        {
            if (options.Version is not null)
                errors.Add(at, "is asked for by Strategy Versioned alone: set that, or leave it out");
            return null;
        }

        var version = options.Version ?? new();
        if (options.Many is not null)
            errors.Add($"{path}:{nameof(options.Many)}", "would load keys without their versions: leave it out, or set another Strategy");
        if (version.SessionFor <= TimeSpan.Zero)
            errors.Add($"{at}:{nameof(version.SessionFor)}", version.SessionFor, "set a time over zero");
        if (version.MaxSessions < 1)
            errors.Add($"{at}:{nameof(version.MaxSessions)}", version.MaxSessions, "set 1 or more");
        var others = methods.Values.Where(other => other.Writer is null && other.Name != method.Name).Select(static other => other.Name).ToArray();
        if (version.Method is not { } name)
        {
            errors.Add($"{at}:{nameof(version.Method)}", null, "Versioned asks a method for the version before a value is served; set it, or another Strategy");
            return null;
        }

        if (!others.Contains(name, StringComparer.Ordinal))
        {
            errors.Add($"{at}:{nameof(version.Method)}", name, $"the integration has no other method of that name that reads; {(others.Length == 0 ? "add it" : DidYouMean.Hint(name, others))}");
            return null;
        }

        foreach (var needed in methods[name].Parameters.Where(parameter => !parameter.Optional && !method.Parameters.Any(own => own.Name == parameter.Name && !own.Optional)))
            errors.Add($"{at}:{nameof(version.Method)}", name, $"it needs the argument '{needed.Name}', which is none that '{method.Name}' must have; add it, or name another method");
        return errors.All.Count > before ? null : new()
        {
            Method = name,
            Parameters = methods[name].Parameters,
            Default = version.Default,
            OnFailure = version.OnFailure,
            SessionFor = version.SessionFor,
            MaxSessions = version.MaxSessions,
        };
    }
}
