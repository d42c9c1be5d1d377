using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Binds a section strictly; what is wrong becomes an error, and the rest is bound all the same, so that its own errors are found too.</summary>
internal static class BoundSection
{
    public static TOptions Read<TOptions>(IConfigurationSection section, ConfigurationErrors errors)
        where TOptions : class, new()
    {
        StrictConfiguration.Check(section, typeof(TOptions), errors);
        var sound = section.AsEnumerable(makePathsRelative: true).Where(pair => !errors.Concern($"{section.Path}:{pair.Key}"));
        return new ConfigurationBuilder().AddInMemoryCollection(sound).Build().Get<TOptions>() ?? new();
    }
}
