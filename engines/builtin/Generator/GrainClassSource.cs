namespace OrleansCache.Engine.Generator;

/// <summary>The registration of a grain class.</summary>
internal static class GrainClassSource
{
    public static Output? Build(INamedTypeSymbol type)
    {
        if (!Symbols.Implements(type, "IGrainBase") || type.IsAbstract || type.TypeKind != TypeKind.Class)
            return null;
        var b = new Builder(type);
        if (type.IsGenericType || !Symbols.IsReachable(type))
            b.Fail(Rules.Shape, type, type.Name, "a grain class is not generic and at least internal");
        var methods = type.GetMembers().OfType<IMethodSymbol>();
        foreach (var method in methods.Where(m => Symbols.Has(m, "AlwaysInterleave") || Symbols.Has(m, "OneWay")))
            b.Fail(Rules.InterleaveOnClass, method, Symbols.Has(method, "OneWay") ? "[OneWay]" : "[AlwaysInterleave]", type.Name);
        var interfaces = type.AllInterfaces.Where(Symbols.IsGrainInterface).Select(i => $", typeof({Symbols.Full(i)})");
        var name = Symbols.Text(type, "GrainType") ?? DefaultName(type.Name);
        b.Registration = $"Add(new GrainClassInfo(typeof({Symbols.Full(type)}), {Symbols.Quote(name)}, {(Symbols.Has(type, "Reentrant") ? "true" : "false")}{string.Concat(interfaces)}));";
        return b.Build("Class_");
    }

    private static string DefaultName(string name)
    {
        var lower = name.ToLowerInvariant();
        return lower.EndsWith("grain") && lower.Length > 5 ? lower.Substring(0, lower.Length - 5) : lower;
    }
}
