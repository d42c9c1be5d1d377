namespace OrleansCache;

/// <summary>How an interface's calls are cached, in code. Wide to narrow: <see cref="Strategy"/>, the strategy that an attribute names, the attribute,
/// <see cref="Methods"/>, and last the configuration's <c>OrleansCache:Integrations:{name}:Methods:{method}</c>.</summary>
public sealed class CachedIntegrationOptions
{
    /// <summary>What every method follows where nothing narrower says otherwise; null for the region's own lifetimes.</summary>
    public CacheStrategy? Strategy { get; set; }

    /// <summary>Strategies that <c>[Cached("name")]</c> names.</summary>
    public IDictionary<string, CacheStrategy> Strategies { get; } = new Dictionary<string, CacheStrategy>(StringComparer.Ordinal);

    /// <summary>Strategies of single methods, by their names in the region.</summary>
    public IDictionary<string, CacheStrategy> Methods { get; } = new Dictionary<string, CacheStrategy>(StringComparer.Ordinal);

    /// <summary>Functions that make a method's key of its arguments by name, by the method's name; without one the arguments themselves are the key.</summary>
    public IDictionary<string, Func<IReadOnlyDictionary<string, object?>, string>> Keys { get; } =
        new Dictionary<string, Func<IReadOnlyDictionary<string, object?>, string>>(StringComparer.Ordinal);
}
