namespace OrleansCache.Engine.Generator;

/// <summary>What the generator and its analyzers refuse. Orleans' own tools refuse the same, but for 8 and 9.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor InterleaveOnClass = Rule(1, "{0} stands on a method of grain class {1}; move it to the method of the grain interface");
    public static readonly DiagnosticDescriptor MissingId = Rule(2, "{0}.{1} is settable and has no [Id]: give it the next free number, or [NonSerialized] to a field");
    public static readonly DiagnosticDescriptor DuplicateId = Rule(3, "{0}.{1} has [Id({2})], which {3} has already; numbers are unique within a type");
    public static readonly DiagnosticDescriptor DuplicateAlias = Rule(4, "[Alias(\"{0}\")] is given twice; aliases are unique");
    public static readonly DiagnosticDescriptor ReturnType = Rule(5, "{0}.{1} returns {2}; a grain method returns Task, Task<T>, ValueTask or ValueTask<T>");
    public static readonly DiagnosticDescriptor ConfigureAwait = Rule(6, "ConfigureAwait in grain class {0} leaves the grain's own turns; take it out");
    public static readonly DiagnosticDescriptor NotAMethod = Rule(7, "{0}.{1}: a grain interface has plain methods only (no properties, events, generic methods, ref or out parameters, and a CancellationToken only as the last)");
    public static readonly DiagnosticDescriptor CannotTravel = Rule(8, "{0} is of type {1}, which cannot travel: use .NET's simple types, T[], List<T>, ImmutableArray<T>, Dictionary<K,V>, grain interfaces, or a type with [GenerateSerializer]");
    public static readonly DiagnosticDescriptor OrleansName = Rule(9, "{0} has the name of a public type of Orleans and would be ambiguous on that engine; choose another");
    public static readonly DiagnosticDescriptor Shape = Rule(10, "{0}: {1}");

    private static DiagnosticDescriptor Rule(int number, string message) =>
        new($"OCE{number:000}", "Grains and what they pass", message, "OrleansCache.Engine", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
