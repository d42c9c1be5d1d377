namespace OrleansCache.Client.Generator;

/// <summary>Writes the caching class of each interface with [Integration], and registers it when its module is first used.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class IntegrationGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var interfaces = context.SyntaxProvider.ForAttributeWithMetadataName(Symbols.Integration, static (node, _) => node is InterfaceDeclarationSyntax,
            static (c, _) => new InterfaceSource((INamedTypeSymbol)c.TargetSymbol).Build());
        context.RegisterSourceOutput(interfaces, static (c, output) =>
        {
            foreach (var fault in output.Faults.Items)
                c.ReportDiagnostic(fault.ToDiagnostic());
            if (output.Source.Length > 0)
                c.AddSource(output.Name + ".g.cs", output.Source);
        });

        foreach (var attribute in new[] { Symbols.Cached, Symbols.Invalidates })
        {
            var stray = context.SyntaxProvider.ForAttributeWithMetadataName(attribute, static (_, _) => true, (c, _) => Stray(c.TargetSymbol, attribute));
            context.RegisterSourceOutput(stray, static (c, fault) =>
            {
                if (fault is { } found)
                    c.ReportDiagnostic(found.ToDiagnostic());
            });
        }
    }

    private static Fault? Stray(ISymbol method, string attribute) =>
        method.ContainingType is { TypeKind: TypeKind.Interface } type && Symbols.Find(type, Symbols.Integration) is not null
            ? null
            : new Fault(Rules.NoIntegration, Place.Of(method), new([method.Name, Symbols.Short(attribute), method.ContainingType.Name]));
}
