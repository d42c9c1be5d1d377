namespace OrleansCache.Client.Generator;

/// <summary>Questions about symbols.</summary>
internal static class Symbols
{
    public const string Integration = "OrleansCache.IntegrationAttribute";
    public const string Cached = "OrleansCache.CachedAttribute";
    public const string Invalidates = "OrleansCache.InvalidatesAttribute";
    private static readonly string[] Texts =
    [
        "string", "bool", "char", "decimal", "double", "float", "sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong", "nint", "nuint",
        "System.Half", "System.Int128", "System.UInt128", "System.Numerics.BigInteger", "System.Guid", "System.DateTime", "System.DateTimeOffset",
        "System.DateOnly", "System.TimeOnly", "System.TimeSpan",
    ];

    private static readonly SymbolDisplayFormat Plain = SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    public static string Full(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    public static string Quote(string text) => SymbolDisplay.FormatLiteral(text, quote: true);

    public static string Short(string attribute) => attribute.Substring("OrleansCache.".Length).Replace("Attribute", "");

    public static AttributeData? Find(ISymbol symbol, string attribute) => symbol.GetAttributes().FirstOrDefault(a => a.AttributeClass?.ToDisplayString() == attribute);

    public static IEnumerable<AttributeData> All(ISymbol symbol, string attribute) => symbol.GetAttributes().Where(a => a.AttributeClass?.ToDisplayString() == attribute);

    public static TypedConstant? Named(AttributeData attribute, string name) =>
        attribute.NamedArguments.Where(a => a.Key == name).Select(a => (TypedConstant?)a.Value).FirstOrDefault();

    public static bool IsToken(ITypeSymbol type) => type.ToDisplayString() == "System.Threading.CancellationToken";

    /// <summary>Whether its values have one text, the same everywhere.</summary>
    public static bool HasText(ITypeSymbol type)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
            type = nullable.TypeArguments[0];
        return type.TypeKind == TypeKind.Enum || Texts.Contains(type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Plain));
    }

    /// <summary>"Task", "Task&lt;T>", "ValueTask" or "ValueTask&lt;T>", or null for anything else.</summary>
    public static string? TaskOf(ITypeSymbol type) => type.OriginalDefinition.ToDisplayString() switch
    {
        "System.Threading.Tasks.Task" => "Task",
        "System.Threading.Tasks.ValueTask" => "ValueTask",
        "System.Threading.Tasks.Task<TResult>" => "Task<T>",
        "System.Threading.Tasks.ValueTask<TResult>" => "ValueTask<T>",
        _ => null,
    };

    public static ISymbol? Member(ITypeSymbol type, string name)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
            type = nullable.TypeArguments[0];
        for (var at = type; at is not null; at = at.BaseType)
        {
            if (at.GetMembers(name).FirstOrDefault(static m => m is { IsStatic: false, DeclaredAccessibility: Accessibility.Public or Accessibility.Internal } and (IPropertySymbol { GetMethod: not null, IsIndexer: false } or IFieldSymbol)) is { } found)
                return found;
        }

        return type.AllInterfaces.SelectMany(i => i.GetMembers(name)).FirstOrDefault(static m => m is IPropertySymbol { GetMethod: not null });
    }
}
