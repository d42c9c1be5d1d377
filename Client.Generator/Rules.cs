namespace OrleansCache.Client.Generator;

/// <summary>What a decorated interface may not have. docs/strategies.md lists them.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor CachedReturn = Error("OCI001", "{0} is [Cached] and returns {1}; return Task<T> or ValueTask<T>");
    public static readonly DiagnosticDescriptor InvalidatesReturn = Error("OCI002", "{0} [Invalidates] and returns {1}; return a task, after whose success it can be done");
    public static readonly DiagnosticDescriptor ByRef = Error("OCI003", "{0} takes '{1}' by reference; a cached or invalidating call takes values");
    public static readonly DiagnosticDescriptor GenericMethod = Error("OCI004", "{0} has type parameters; a cached or invalidating call has none: write one method for each type");
    public static readonly DiagnosticDescriptor BadTag = Error("OCI005", "The tag \"{0}\" has braces that are no argument; write {{name}} or {{name.Member}}");
    public static readonly DiagnosticDescriptor UnknownArgument = Error("OCI006", "The tag \"{0}\" names '{1}', and {2} has no such argument or member that has a text; it has {3}");
    public static readonly DiagnosticDescriptor DuplicateName = Error("OCI007", "{0} is the second [Cached] method named '{1}' in {2}; give one of them a Name of its own");
    public static readonly DiagnosticDescriptor Both = Error("OCI008", "{0} is [Cached] and [Invalidates]; a call that changes something is not answered from the cache: keep one of them");
    public static readonly DiagnosticDescriptor NoSuchMethod = Error("OCI009", "{0} invalidates '{1}', which {2}");
    public static readonly DiagnosticDescriptor Shape = Error("OCI010", "{0} cannot stand in an interface that is an [Integration]: {1}");
    public static readonly DiagnosticDescriptor NoIntegration = Error("OCI011", "{0} has [{1}], and {2} is no interface with [Integration], so it would do nothing; give it one, or remove the attribute");
    public static readonly DiagnosticDescriptor OutOfRange = Error("OCI012", "{0} of {1} is {2}; {3}");

    public static readonly DiagnosticDescriptor NoVersion = Error("OCI013", "{0} has its version from '{1}', which {2}");

    private static DiagnosticDescriptor Error(string id, string message) => new(id, message, message, "OrleansCache", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
