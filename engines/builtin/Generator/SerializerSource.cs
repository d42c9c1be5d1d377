namespace OrleansCache.Engine.Generator;

/// <summary>The codec of a type with [GenerateSerializer].</summary>
internal static class SerializerSource
{
    public static Output? Build(INamedTypeSymbol type)
    {
        if (type.TypeKind == TypeKind.Enum)
            return null;        // the engine has one codec for all
        var b = new Builder(type);
        b.Alias("type", Symbols.Text(type, "Alias"), type);
        var members = Members(type, b);
        var isException = Bases(type).Any(t => Symbols.Wire(t) == "System.Exception");
        Check(type, members, isException, b);
        if (!b.HasFaults && !isException)
            Write(type, members, b);
        return b.Build("Codec_");
    }

    private static IEnumerable<INamedTypeSymbol> Bases(INamedTypeSymbol type)
    {
        for (var b = type.BaseType; b is not null; b = b.BaseType)
            yield return b;
    }

    private static List<Member> Members(INamedTypeSymbol type, Builder b)
    {
        var members = new List<Member>();
        foreach (var symbol in type.GetMembers().Where(m => !m.IsStatic && m is IFieldSymbol or IPropertySymbol { IsIndexer: false }))
        {
            if (symbol is IFieldSymbol { AssociatedSymbol: not null } || (symbol.IsImplicitlyDeclared && symbol is IFieldSymbol))
                continue;
            if (Symbols.Attribute(symbol, "Id")?.ConstructorArguments.FirstOrDefault().Value is not uint id)
            {
                var settable = symbol is IPropertySymbol { SetMethod: not null, IsAbstract: false }
                    || (symbol is IFieldSymbol && !symbol.GetAttributes().Any(a => a.AttributeClass?.Name == "NonSerializedAttribute"));
                if (settable)
                    b.Fail(Rules.MissingId, symbol, type.Name, symbol.Name);
                continue;
            }
            if (members.FirstOrDefault(m => m.Id == id) is { } same)
                b.Fail(Rules.DuplicateId, symbol, type.Name, symbol.Name, id.ToString(), same.Symbol.Name);
            members.Add(new(symbol, id));
        }
        return [.. members.OrderBy(m => m.Id)];
    }

    private static void Check(INamedTypeSymbol type, List<Member> members, bool isException, Builder b)
    {
        if (type.IsGenericType)
            b.Fail(Rules.Shape, type, type.Name, "generic types have no codec; make a type of each use");
        else if (!Symbols.IsReachable(type))
            b.Fail(Rules.Shape, type, type.Name, "make the type at least internal, so that generated code can reach it");
        else if (isException && members.Count > 0)
            b.Fail(Rules.Shape, type, type.Name, "an exception travels as type, message and cause; its own members do not, so take [Id] off");
        else if (type.IsAbstract || Bases(type).Any(t => Symbols.Has(t, "GenerateSerializer")))
            b.Fail(Rules.Shape, type, type.Name, "abstract and derived types have no codec; make one flat type");
        foreach (var member in members.Where(m => !Symbols.CanTravel(m.Type)))
            b.Fail(Rules.CannotTravel, member.Symbol, $"{type.Name}.{member.Symbol.Name}", Symbols.Wire(member.Type));
        var parameters = Constructor(type, members)?.Parameters;
        var unsettable = members.Where(m => m.Symbol is IPropertySymbol { SetMethod: null });
        foreach (var member in unsettable.Where(m => parameters?.Any(p => Matches(p, m)) is not true))
            b.Fail(Rules.Shape, member.Symbol, $"{type.Name}.{member.Symbol.Name}", "it has [Id] and can be set neither by a setter nor by the constructor");
        if (!isException && type.TypeKind == TypeKind.Class && parameters is null)
            b.Fail(Rules.Shape, type, type.Name, "give it a constructor without parameters, or one whose parameters all match members with [Id]");
    }

    private static IMethodSymbol? Constructor(INamedTypeSymbol type, List<Member> members) => type.TypeKind == TypeKind.Struct ? null
        : type.InstanceConstructors.FirstOrDefault(c => c.Parameters.Length == 0)
            ?? type.InstanceConstructors.Where(c => c.Parameters.All(p => members.Any(m => Matches(p, m)))).OrderByDescending(c => c.Parameters.Length).FirstOrDefault();

    private static bool Matches(IParameterSymbol parameter, Member member) =>
        string.Equals(parameter.Name, member.Symbol.Name, StringComparison.OrdinalIgnoreCase)
        && SymbolEqualityComparer.Default.Equals(parameter.Type, member.Type);

    private static void Write(INamedTypeSymbol type, List<Member> members, Builder b)
    {
        var name = "Codec_" + Symbols.Mangled(type);
        var full = Symbols.Full(type);
        var isClass = type.TypeKind == TypeKind.Class;
        var byRef = isClass ? "" : "ref ";
        var byConstructor = Constructor(type, members)?.Parameters.Select(p => members.First(m => Matches(p, m))).ToList() ?? [];
        b.Registration = $"Add(new {name}());";
        b.Add($$"""
            internal sealed class {{name}} : Codec<{{full}}> {
                public override void Write(MessageWriter writer, uint id, {{full}} value) {
                    {{(isClass ? "if (value is null) { writer.Null(id); return; }" : "")}}
                    {{(isClass && !type.IsSealed ? $"if (value.GetType() != typeof({full})) throw {Derived()};" : "")}}
                    writer.BeginGroup(id);
                    {{CodecText.Lines(members.Select(Writing))}}
                    writer.EndGroup();
                }
                public override {{full}} Read(ref MessageReader reader, WireType wire) {
                    {{(isClass ? "if (wire == WireType.Null) return null;" : "")}}
                    reader.BeginGroup(wire);
                    {{CodecText.Lines(members.Select(m => $"{m.TypeName} m{m.Id} = default; bool has{m.Id} = false;"))}}
                    {{CodecText.ReadFields(members.Select(m => (m.Id, $"m{m.Id} = {CodecText.Read(m.Type, "field")}; has{m.Id} = true;")))}}
                    var made = {{(isClass ? $"New({string.Join(", ", byConstructor.Select(m => "m" + m.Id))})" : $"default({full})")}};
                    {{CodecText.Lines(members.Except(byConstructor).Select(m => $"if (has{m.Id}) {m.Set("made", byRef, "m" + m.Id)};"))}}
                    return made;
                }
                {{(isClass ? $"[UnsafeAccessor(UnsafeAccessorKind.Constructor)] private static extern {full} New({Parameters()});" : "")}}
                {{CodecText.Lines(members.Select(m => m.Accessor(full, byRef)))}}
            }
            """);

        string Derived() => "new global::System.NotSupportedException(value.GetType() + "
            + $"\" derives from {Symbols.Wire(type)}, whose codec would cut it.\")";

        string Parameters() => string.Join(", ", byConstructor.Select(m => $"{m.TypeName} p{m.Id}"));

        string Writing(Member m) => ((!isClass || byConstructor.Contains(m)) && CodecText.Absent(m.Type, m.Get("value", byRef)) is { } none
            ? $"if (!({none})) " : "") + CodecText.Write(m.Type, m.Id, m.Get("value", byRef));
    }

    private sealed record Member(ISymbol Symbol, uint Id)
    {
        public ITypeSymbol Type => Symbol is IFieldSymbol f ? f.Type : ((IPropertySymbol)Symbol).Type;

        public string TypeName => Symbols.Full(Type);

        private bool HidesField => Symbol is IFieldSymbol f && (f.IsReadOnly || !Reachable(f));

        private bool HidesSetter => Symbol is IPropertySymbol { SetMethod: { } setter } && (setter.IsInitOnly || !Reachable(setter));

        private bool HidesGetter => Symbol is IPropertySymbol { GetMethod: { } getter } && !Reachable(getter);

        public string Get(string target, string byRef) => HidesField ? $"Field{Id}({byRef}{target})" : HidesGetter ? $"Get{Id}({byRef}{target})" : $"{target}.@{Symbol.Name}";

        public string Set(string target, string byRef, string value) =>
            HidesField ? $"Field{Id}({byRef}{target}) = {value}" : HidesSetter ? $"Set{Id}({byRef}{target}, {value})" : $"{target}.@{Symbol.Name} = {value}";

        public string Accessor(string owner, string byRef)
        {
            if (HidesField)
                return $"[UnsafeAccessor(UnsafeAccessorKind.Field, Name = \"{Symbol.Name}\")] private static extern ref {TypeName} Field{Id}({byRef}{owner} target);";
            return (HidesSetter ? $"[UnsafeAccessor(UnsafeAccessorKind.Method, Name = \"set_{Symbol.Name}\")] private static extern void Set{Id}({byRef}{owner} target, {TypeName} value);" : "")
                + (HidesGetter ? $"[UnsafeAccessor(UnsafeAccessorKind.Method, Name = \"get_{Symbol.Name}\")] private static extern {TypeName} Get{Id}({byRef}{owner} target);" : "");
        }

        private static bool Reachable(ISymbol symbol) => symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal;
    }
}
