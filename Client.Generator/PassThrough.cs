namespace OrleansCache.Client.Generator;

/// <summary>Members that go to the application's own class as they are.</summary>
internal static class PassThrough
{
    /// <summary>The member's text; null when it cannot be passed through.</summary>
    public static string? Of(ISymbol member)
    {
        var inner = $"(({Symbols.Full(member.ContainingType)})_api.Inner)";
        switch (member)
        {
            case IMethodSymbol { RefKind: RefKind.None } method:
                var types = method.IsGenericMethod ? $"<{string.Join(", ", method.TypeParameters.Select(static t => "@" + t.Name))}>" : "";
                return $"{Head(method)} => {inner}.@{method.Name}{types}({Given(method.Parameters)});";
            case IPropertySymbol { RefKind: RefKind.None, SetMethod: null or { IsInitOnly: false } } property:
                var (name, access) = property.IsIndexer ? ($"this[{Taken(property.Parameters)}]", $"{inner}[{Given(property.Parameters)}]") : ("@" + property.Name, $"{inner}.@{property.Name}");
                return $"{Symbols.Full(property.Type)} {Symbols.Full(property.ContainingType)}.{name} {{ {(property.GetMethod is null ? "" : $"get => {access}; ")}{(property.SetMethod is null ? "" : $"set => {access} = value; ")}}}";
            case IEventSymbol happening:
                return $"event {Symbols.Full(happening.Type)} {Symbols.Full(happening.ContainingType)}.@{happening.Name} {{ add => {inner}.@{happening.Name} += value; remove => {inner}.@{happening.Name} -= value; }}";
            default:
                return null;
        }
    }

    /// <summary>Return type, name and parameters.</summary>
    public static string Head(IMethodSymbol method)
    {
        var types = method.IsGenericMethod ? $"<{string.Join(", ", method.TypeParameters.Select(static t => "@" + t.Name))}>" : "";
        return $"{Symbols.Full(method.ReturnType)} {Symbols.Full(method.ContainingType)}.@{method.Name}{types}({Taken(method.Parameters)})";
    }

    private static string Taken(ImmutableArray<IParameterSymbol> parameters) => string.Join(", ", parameters.Select(static p => $"{Modifier(p.RefKind)}{Symbols.Full(p.Type)} @{p.Name}"));

    private static string Given(ImmutableArray<IParameterSymbol> parameters) =>
        string.Join(", ", parameters.Select(static p => (p.RefKind == RefKind.RefReadOnlyParameter ? "in " : Modifier(p.RefKind)) + "@" + p.Name));

    private static string Modifier(RefKind kind) => kind switch
    {
        RefKind.Ref => "ref ",
        RefKind.Out => "out ",
        RefKind.In => "in ",
        RefKind.RefReadOnlyParameter => "ref readonly ",
        _ => "",
    };
}
