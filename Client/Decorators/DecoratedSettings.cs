using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Makes the strategy of each method of an interface: code's, attributes', and <c>OrleansCache:Integrations:{name}:Methods:{method}</c> over them.</summary>
internal static class DecoratedSettings
{
    private const string Root = "OrleansCache:Integrations";
    private const string Methods = "Methods";

    /// <param name="configuration">The application's.</param>
    /// <param name="name">The integration's.</param>
    /// <param name="isClient">False in a silo, whose integration it is too: its other settings are the silo's.</param>
    /// <param name="methods">The interface's.</param>
    /// <param name="options">What code says.</param>
    /// <param name="errors">Gets all that is wrong.</param>
    /// <returns>One for each method, of use only without errors.</returns>
    public static CacheStrategy[] Read(
        IConfiguration configuration, string name, bool isClient, DecoratedMethod[] methods, CachedIntegrationOptions options, ConfigurationErrors errors)
    {
        var section = configuration.GetSection($"{Root}:{name}");
        foreach (var child in isClient ? section.GetChildren().Where(child => !child.Key.Equals(Methods, StringComparison.OrdinalIgnoreCase)) : [])
            errors.Add(child.Path, $"is not a setting of an interface in this process: set it at the silo, or set {Methods} here");
        string[] names = [.. methods.Select(static method => method.Name)];
        foreach (var child in section.GetSection(Methods).GetChildren().Where(child => !names.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
            errors.Add(child.Path, $"is no cached method: {DidYouMean.Hint(child.Key, names)}");
        foreach (var unknown in options.Methods.Keys.Concat(options.Keys.Keys).Where(key => !names.Contains(key)))
            errors.Add($"{Root}:{name}", $"has options in code for '{unknown}', which is no cached method: {DidYouMean.Hint(unknown, names)}");
        return [.. methods.Select(method => Read(section.GetSection($"{Methods}:{method.Name}"), method, options, errors))];
    }

    private static CacheStrategy Read(IConfigurationSection section, DecoratedMethod method, CachedIntegrationOptions options, ConfigurationErrors errors)
    {
        CacheStrategy? named = null;
        if (method.StrategyName is { } wanted && !options.Strategies.TryGetValue(wanted, out named))
            errors.Add(section.Path, $"follows the strategy '{wanted}', which is none: add it to CachedIntegrationOptions.Strategies; {DidYouMean.Hint(wanted, [.. options.Strategies.Keys])}");
        if (method.Unkeyed.Length > 0 && !options.Keys.ContainsKey(method.Name))
            errors.Add(section.Path, $"has an argument '{method.Unkeyed[0]}' without a text of its own: add a function to CachedIntegrationOptions.Keys that makes the key");
        var before = errors.All.Count;
        var configured = BoundSection.Read<DecoratedMethodOptions>(section, errors);
        Check(section.Path, configured, errors);
        var strategy = configured.Over((options.Strategy ?? new()).With(named).With(method.Strategy).With(options.Methods.TryGetValue(method.Name, out var own) ? own : null));
        if (errors.All.Count > before)
            return strategy;
        try
        {
            _ = DecoratedCall.Templates(strategy, method.Known);
        }
        catch (ArgumentException e)
        {
            errors.Add(section.Path, $"cannot hold: {e.Message.TrimEnd('.')}");
        }

        return strategy;
    }

    private static void Check(string path, DecoratedMethodOptions options, ConfigurationErrors errors)
    {
        ResilienceRules.Check(path, options, errors);
        if (options.CircuitBreaker is not null)
            errors.Add($"{path}:{nameof(options.CircuitBreaker)}", "is for integrations of a silo: leave it out");
        if (options.Retry?.UnsafeMethods is { } unsafeMethods)
            errors.Add($"{path}:{nameof(options.Retry)}:{nameof(RetryOptions.UnsafeMethods)}", unsafeMethods, "it is for HTTP integrations of a silo; leave it out");
        if (options.FreshFor is { } fresh && fresh <= TimeSpan.Zero)
            errors.Add($"{path}:{nameof(options.FreshFor)}", fresh, "set a time over zero");
        if (options.StaleFor is { } stale && stale < TimeSpan.Zero)
            errors.Add($"{path}:{nameof(options.StaleFor)}", stale, "set zero or more");
        if (options.AbsentFor is { } absent && absent < TimeSpan.Zero)
            errors.Add($"{path}:{nameof(options.AbsentFor)}", absent, "set zero or more");
        if (options.Jitter is { } jitter && jitter is not (>= 0 and <= 1))
            errors.Add($"{path}:{nameof(options.Jitter)}", jitter, "set a share from 0 to 1");
    }
}
