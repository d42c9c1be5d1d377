using System.ComponentModel;

namespace OrleansCache;

/// <summary>A <c>[Cached]</c> method of an interface. For generated code.</summary>
/// <param name="name">In the region's name.</param>
/// <param name="parameters">The arguments of its key.</param>
/// <param name="more">What its tags may name besides.</param>
/// <param name="unkeyed">Parameters whose type has no text of its own.</param>
/// <param name="strategyName">The named strategy that it follows; null for none.</param>
/// <param name="strategy">What its attribute says.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DecoratedMethod(string name, string[] parameters, string[] more, string[] unkeyed, string? strategyName, CacheStrategy strategy)
{
    /// <summary>The version of a call as another method of its interface says.</summary>
    public static Func<VersionCall, CancellationToken, ValueTask<string?>> OwnVersion { get; } = static (call, ct) => call.Own!(ct);

    internal string Name => name;
    internal string[] Parameters => parameters;
    internal string[] Known { get; } = [.. parameters, .. more];
    internal string[] Unkeyed => unkeyed;
    internal string? StrategyName => strategyName;
    internal CacheStrategy Strategy => strategy;
}

/// <summary>An <c>[Invalidates]</c> method of an interface. For generated code.</summary>
/// <param name="tags">What it raises.</param>
/// <param name="methods">Numbers of the <c>[Cached]</c> methods whose values it removes.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DecoratedInvalidation(string[] tags, int[] methods)
{
    internal CallTemplate[] Tags { get; } = [.. tags.Select(static tag => CallTemplate.ParseText(tag) ?? throw new ArgumentException($"The tag '{tag}' has braces that are no argument.", nameof(tags)))];
    internal int[] Methods => methods;
}
