using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Tells the strict check which options type a section is bound to. The section may be the root itself: then its own keys are known.</summary>
/// <param name="Path">Below the root: <c>Http</c>; empty for the root.</param>
/// <param name="Type">The options type; null when the part that reads it holds it to its type itself.</param>
internal sealed record KnownSection(string Path, Type? Type);

/// <summary>Stands for the whole of the configuration's root section: whoever checks a part of it validates this, so that all errors come at once.</summary>
internal sealed class CacheConfiguration;

/// <summary>Checks the root section against all sections that the parts named, before the host starts.</summary>
internal sealed class CacheConfigurationValidator(IConfigurationSection root, IEnumerable<KnownSection> known) : IValidateOptions<CacheConfiguration>
{
    public ValidateOptionsResult Validate(string? name, CacheConfiguration options)
    {
        var errors = new ConfigurationErrors();
        var sections = known.Where(section => section.Path.Length > 0).ToLookup(section => section.Path, StringComparer.OrdinalIgnoreCase);
        var own = known.Where(section => section.Path.Length == 0)
            .SelectMany(section => section.Type!.GetProperties())
            .ToLookup(property => property.Name, property => property.PropertyType, StringComparer.OrdinalIgnoreCase);
        string[] names = [.. sections.Select(section => section.Key), .. own.Select(property => property.Key)];
        foreach (var child in root.GetChildren())
        {
            var types = sections[child.Key].Select(section => section.Type).Concat(own[child.Key]).ToArray();
            if (types.Length == 0)
                errors.Add(child.Path, $"is not a setting: {DidYouMean.Hint(child.Key, names.Distinct(StringComparer.OrdinalIgnoreCase).ToArray())}");
            foreach (var type in types.OfType<Type>())
                StrictConfiguration.Check(child, type, errors);
        }

        return errors.Any ? ValidateOptionsResult.Fail(errors.All) : ValidateOptionsResult.Success;
    }
}

internal static class StrictConfigurationServiceCollectionExtensions
{
    /// <summary>Names a section that a part reads, so that the strict check knows it.</summary>
    public static IServiceCollection AddKnownSection<TOptions>(this IServiceCollection services, string path) =>
        services.AddSingleton(new KnownSection(path, typeof(TOptions)));

    /// <summary>Names a section whose reader holds it to its type itself.</summary>
    public static IServiceCollection AddKnownSection(this IServiceCollection services, string path) =>
        services.AddSingleton(new KnownSection(path, null));

    /// <summary>Refuses the start when the root section holds a key that no part named with <see cref="AddKnownSection{TOptions}"/>.</summary>
    public static IServiceCollection AddStrictConfiguration(this IServiceCollection services, IConfigurationSection root)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CacheConfiguration>, CacheConfigurationValidator>(
            provider => new(root, provider.GetServices<KnownSection>())));
        services.AddOptions<CacheConfiguration>().ValidateOnStart();
        return services;
    }
}
