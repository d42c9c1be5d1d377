namespace OrleansCache;

/// <summary>A method whose results are cached: it returns <see cref="Task{TResult}"/> or <see cref="ValueTask{TResult}"/>. What is not set follows the strategy
/// that it names, then the integration's.</summary>
/// <param name="strategy">The name of one of <see cref="CachedIntegrationOptions.Strategies"/>; null for none.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CachedAttribute(string? strategy = null) : Attribute
{
    /// <summary>The named strategy that this method follows.</summary>
    public string? StrategyName => strategy;

    /// <summary>The integration's method in the region's name; the method's own name without <c>Async</c> by default.</summary>
    public string? Name { get; set; }

    /// <summary>What happens past fresh time.</summary>
    public Strategy Strategy { get; set; }

    /// <summary>Fresh this long; over zero.</summary>
    public double FreshSeconds { get; set; }

    /// <summary>Served this long past fresh while a refresh runs or the call fails; zero or more.</summary>
    public double StaleSeconds { get; set; }

    /// <summary>A null is remembered this long; zero does not remember it.</summary>
    public double AbsentSeconds { get; set; }

    /// <summary>0 to 1: fresh time is shortened by a random share up to this.</summary>
    public double Jitter { get; set; }

    /// <summary>
    /// A method of the same interface, by <c>nameof</c>, that says which version the origin has of this call, cheaply: it returns a task of text
    /// and takes some of this method's arguments, by name and type. Null is no history. Sets <see cref="Strategy"/> to <see cref="Strategy.Versioned"/>.
    /// </summary>
    public string? Version { get; set; }

    /// <summary>The version where there is no history; <c>-1</c> by default.</summary>
    public string? DefaultVersion { get; set; }

    /// <summary>What a read does when <see cref="Version"/> throws.</summary>
    public OnVersionFailure OnVersionFailure { get; set; }

    /// <summary>Tags of each result, with arguments or their members in braces: <c>patient:{id}</c>, <c>user:{order.User}</c>. One whose argument is null is left out.</summary>
    public string[] Tags { get; set; } = [];

    /// <summary>The integration whose permit each attempt takes.</summary>
    public string? Limiter { get; set; }
}
