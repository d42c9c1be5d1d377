namespace OrleansCache.Engine.Generator;

/// <summary>Questions about symbols.</summary>
internal static class Symbols
{
    public const string Engine = "OrleansCache.Engine";
    private static readonly SymbolDisplayFormat Plain = SymbolDisplayFormat.FullyQualifiedFormat
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted).RemoveMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    public static string Full(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>The name on the wire of what has no alias.</summary>
    public static string Wire(ITypeSymbol type) => type.ToDisplayString(Plain);

    public static string Mangled(ITypeSymbol type)
    {
        var text = new StringBuilder();
        foreach (var c in Wire(type))
            text.Append(char.IsLetterOrDigit(c) ? c.ToString() : c == '.' ? "_" : $"_{(int)c:x}_");
        return text.ToString();
    }

    public static AttributeData? Attribute(ISymbol symbol, string name) => symbol.GetAttributes().FirstOrDefault(a => IsEngine(a.AttributeClass, name + "Attribute"));

    public static bool Has(ISymbol symbol, string attribute) => Attribute(symbol, attribute) is not null;

    public static string? Text(ISymbol symbol, string attribute) => Attribute(symbol, attribute)?.ConstructorArguments.FirstOrDefault().Value as string;

    public static string Quote(string text) => Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(text, quote: true);

    public static bool IsEngine(ITypeSymbol? type, string name) => type?.Name == name && type.ContainingNamespace?.ToDisplayString() == Engine;

    public static bool Implements(ITypeSymbol type, string name) => IsEngine(type, name) || type.AllInterfaces.Any(i => IsEngine(i, name));

    /// <summary>An interface of the user's that names grains or observers.</summary>
    public static bool IsGrainInterface(ITypeSymbol type) => type.TypeKind == TypeKind.Interface && type.ContainingNamespace?.ToDisplayString() != Engine
        && (Implements(type, "IGrainWithStringKey") || Implements(type, "IGrainObserver"));

    public static bool IsToken(ITypeSymbol type) => Wire(type) == "System.Threading.CancellationToken";

    public static bool IsReachable(ISymbol? symbol)
    {
        for (; symbol is INamedTypeSymbol; symbol = symbol.ContainingType)
        {
            if (symbol.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal))
                return false;
        }
        return true;
    }

    /// <summary>A value that nobody can change, so that it is never copied.</summary>
    public static bool IsImmutable(ITypeSymbol type) => type.TypeKind == TypeKind.Enum || type.SpecialType is (>= SpecialType.System_Boolean and <= SpecialType.System_String)
        || Has(type, "Immutable") || Wire(type) is "System.Guid" or "System.TimeSpan" or "System.DateTimeOffset" or "System.DateTime" or Engine + ".GrainId";

    public static bool CanTravel(ITypeSymbol type)
    {
        if (type.TypeKind == TypeKind.Enum || type.SpecialType is (>= SpecialType.System_Boolean and <= SpecialType.System_String) or SpecialType.System_DateTime)
            return true;
        if (type is IArrayTypeSymbol array)
            return array.IsSZArray && CanTravel(array.ElementType);
        if (Has(type, "GenerateSerializer") || Implements(type, "IAddressable"))
            return type.TypeKind != TypeKind.Error;
        if (type is not INamedTypeSymbol named)
            return false;
        return Wire(named.OriginalDefinition) switch
        {
            "System.Guid" or "System.TimeSpan" or "System.DateTimeOffset" or Engine + ".GrainId" => true,
            "System.ReadOnlyMemory<T>" => named.TypeArguments[0].SpecialType == SpecialType.System_Byte,
            "System.Nullable<T>" or "System.Collections.Generic.List<T>" or "System.Collections.Immutable.ImmutableArray<T>"
                or "System.Collections.Generic.Dictionary<TKey, TValue>" => named.TypeArguments.All(CanTravel),
            _ => named.IsGenericType && named.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T && CanTravel(named.TypeArguments[0]),
        };
    }
}
