namespace OrleansCache.Engine.Generator;

/// <summary>The reference class and the requests of a grain or observer interface.</summary>
internal static class InterfaceSource
{
    public static Output? Build(INamedTypeSymbol type)
    {
        if (!Symbols.IsGrainInterface(type))
            return null;
        var b = new Builder(type);
        b.Alias("type", Symbols.Text(type, "Alias"), type);
        if (type.IsGenericType || !Symbols.IsReachable(type))
            b.Fail(Rules.Shape, type, type.Name, "a grain interface is not generic and at least internal");
        var members = type.AllInterfaces.Where(i => i.ContainingNamespace?.ToDisplayString() != Symbols.Engine).Prepend(type)
            .SelectMany(i => i.GetMembers()).Where(m => !m.IsStatic).ToList();
        foreach (var member in members)
            Check(type, member, b);
        if (!b.HasFaults)
            Write(type, [.. members.OfType<IMethodSymbol>()], b);
        return b.Build("Interface_");
    }

    private static void Check(INamedTypeSymbol type, ISymbol member, Builder b)
    {
        var last = (member as IMethodSymbol)?.Parameters.LastOrDefault();
        if (member is not IMethodSymbol { MethodKind: MethodKind.Ordinary, IsGenericMethod: false } method
            || method.Parameters.Any(p => p.RefKind != RefKind.None || (Symbols.IsToken(p.Type) && !SymbolEqualityComparer.Default.Equals(p, last))))
        {
            if (member is not IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet or MethodKind.EventAdd or MethodKind.EventRemove })
                b.Fail(Rules.NotAMethod, member, type.Name, member.Name);
            return;
        }
        if (SymbolEqualityComparer.Default.Equals(member.ContainingType, type))
            b.Alias("method\n" + Symbols.Wire(type), Symbols.Text(method, "Alias"), method);
        if (Result(method, out var result) is null)
            b.Fail(Rules.ReturnType, method, type.Name, method.Name, Symbols.Wire(method.ReturnType));
        else if (result is not null && !Symbols.CanTravel(result))
            b.Fail(Rules.CannotTravel, method, $"The result of {type.Name}.{method.Name}", Symbols.Wire(result));
        foreach (var parameter in method.Parameters.Where(p => !Symbols.IsToken(p.Type) && !Symbols.CanTravel(p.Type)))
            b.Fail(Rules.CannotTravel, parameter, $"{type.Name}.{method.Name}({parameter.Name})", Symbols.Wire(parameter.Type));
    }

    /// <summary>"Task" or "ValueTask", and the result's type if there is one.</summary>
    private static string? Result(IMethodSymbol method, out ITypeSymbol? result)
    {
        result = (method.ReturnType as INamedTypeSymbol)?.TypeArguments.FirstOrDefault();
        return Symbols.Wire(method.ReturnType.OriginalDefinition) switch
        {
            "System.Threading.Tasks.Task" or "System.Threading.Tasks.Task<TResult>" => "Task",
            "System.Threading.Tasks.ValueTask" or "System.Threading.Tasks.ValueTask<TResult>" => "ValueTask",
            _ => null,
        };
    }

    private static void Write(INamedTypeSymbol type, List<IMethodSymbol> methods, Builder b)
    {
        var full = Symbols.Full(type);
        var mangled = Symbols.Mangled(type);
        var requests = methods.Select((method, n) => (Method: method, Name: $"Request_{mangled}_{n}")).ToList();
        b.Registration = $"Add(new InterfaceInfo(typeof({full}), {Symbols.Quote(Symbols.Text(type, "Alias") ?? Symbols.Wire(type))}, static target => new Proxy_{mangled}(target)"
            + string.Concat(requests.Select(r => $", {r.Name}.Info")) + "));";
        b.Add($$"""
            internal sealed class Proxy_{{mangled}} : GrainProxy, {{full}} {
                internal Proxy_{{mangled}}(ProxyTarget target) : base(target) { }
                {{CodecText.Lines(requests.Select(r => ProxyMethod(r.Method, r.Name)))}}
            }
            """);
        foreach (var (method, request) in requests)
            WriteRequest(method, request, b);
    }

    private static string ProxyMethod(IMethodSymbol method, string request)
    {
        var parameters = string.Join(", ", method.Parameters.Select((p, n) => $"{Symbols.Full(p.Type)} a{n}"));
        var arguments = method.Parameters.Select((p, n) => Symbols.IsToken(p.Type) ? "" : $"a{n} = a{n}, ");
        var token = method.Parameters.Any(p => Symbols.IsToken(p.Type)) ? $"a{method.Parameters.Length - 1}" : "default";   // the last
        return $"{Symbols.Full(method.ReturnType)} {Symbols.Full(method.ContainingType)}.@{method.Name}({parameters}) => "
            + $"Call(new {request} {{ {string.Concat(arguments)}}}, {token}){(Result(method, out _) == "Task" ? ".AsTask()" : "")};";
    }

    private static void WriteRequest(IMethodSymbol method, string name, Builder b)
    {
        var kind = Result(method, out var result);
        var parameters = method.Parameters.Where(p => !Symbols.IsToken(p.Type))
            .Select((p, n) => (p.Type, Number: (uint)n, IsShared: Symbols.IsImmutable(p.Type) || Symbols.Has(p, "Immutable"))).ToList();
        var resultName = result is null ? "Nothing" : Symbols.Full(result);
        var wire = Symbols.Text(method, "Alias") ?? $"{method.Name}({string.Join(",", parameters.Select(p => Symbols.Wire(p.Type)))})";
        var shared = result is null || Symbols.IsImmutable(result) || method.GetReturnTypeAttributes().Any(a => Symbols.IsEngine(a.AttributeClass, "ImmutableAttribute"));
        bool[] flags = [Symbols.Has(method, "AlwaysInterleave"), Symbols.Has(method, "OneWay"), parameters.All(p => p.IsShared), shared];
        var arguments = method.Parameters.Select((p, n) => Symbols.IsToken(p.Type) ? "Token" : "a" + n);
        var call = $"(({Symbols.Full(method.ContainingType)})target).@{method.Name}({string.Join(", ", arguments)})";
        b.Add($$"""
            internal sealed class {{name}} : GrainRequest<{{resultName}}> {
                internal static readonly GrainMethod Info =
                    new({{Symbols.Quote(wire)}}, static () => new {{name}}(), {{string.Join(", ", flags).ToLowerInvariant()}});
                {{CodecText.Lines(parameters.Select(p => $"internal {Symbols.Full(p.Type)} a{p.Number};"))}}
                public override GrainMethod Method => Info;
                protected override global::System.Threading.Tasks.ValueTask<{{resultName}}> Invoke(object target) =>
                    {{(result is null ? $"Void({call})" : kind == "Task" ? $"new({call})" : call)}};
                public override void WriteArguments(MessageWriter writer) {
                    {{CodecText.Lines(parameters.Select(p => CodecText.Write(p.Type, p.Number, "a" + p.Number)))}}
                }
                public override void ReadArguments(ref MessageReader reader) {
                    {{CodecText.ReadFields(parameters.Select(p => (p.Number, $"a{p.Number} = {CodecText.Read(p.Type, "field")};")))}}
                }
            }
            """);
    }
}
