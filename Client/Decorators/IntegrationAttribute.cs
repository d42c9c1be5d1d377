namespace OrleansCache;

/// <summary>An interface whose calls go through the cache: its methods say how with <see cref="CachedAttribute"/> and <see cref="InvalidatesAttribute"/>.</summary>
/// <remarks>A source generator writes the caching class; <c>services.AddIntegration</c> puts it before the application's own. Methods without an attribute pass through.</remarks>
/// <param name="name">The integration's name, unless its registration gives another.</param>
[AttributeUsage(AttributeTargets.Interface)]
public sealed class IntegrationAttribute(string name) : Attribute
{
    /// <summary>The integration's name.</summary>
    public string Name => name;
}
