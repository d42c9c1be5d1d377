namespace OrleansCache.Engine.Generator;

/// <summary>Refuses ConfigureAwait(false) in grain classes, and own types named like those of Orleans (the file orleans.names).</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class GrainAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.ConfigureAwait, Rules.OrleansName];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSyntaxNodeAction(CheckAwait, SyntaxKind.InvocationExpression);
        context.RegisterCompilationStartAction(static start =>
        {
            var names = start.Options.AdditionalFiles.Where(f => f.Path.EndsWith("orleans.names", StringComparison.Ordinal))
                .SelectMany(f => f.GetText(start.CancellationToken)?.Lines.Select(l => l.ToString().Trim()) ?? [])
                .Where(l => l.Length > 0 && l[0] != '#').ToImmutableHashSet();
            if (names.Count > 0)
                start.RegisterSymbolAction(c => CheckName(c, names), SymbolKind.NamedType);
        });
    }

    private static void CheckName(SymbolAnalysisContext context, ImmutableHashSet<string> names)
    {
        if (context.Symbol.ContainingType is null && names.Contains(context.Symbol.Name))
            context.ReportDiagnostic(Diagnostic.Create(Rules.OrleansName, context.Symbol.Locations[0], context.Symbol.Name));
    }

    private static void CheckAwait(SyntaxNodeAnalysisContext context)
    {
        var call = (InvocationExpressionSyntax)context.Node;
        if (call.Expression is not MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" }
            || call.ArgumentList.Arguments.FirstOrDefault()?.Expression.ToString() is not { } argument
            || argument == "true" || argument.Contains("ContinueOnCapturedContext"))
            return;
        var type = context.ContainingSymbol as INamedTypeSymbol ?? context.ContainingSymbol?.ContainingType;
        for (; type is not null; type = type.ContainingType)
        {
            if (Symbols.Implements(type, "IGrainBase"))
                context.ReportDiagnostic(Diagnostic.Create(Rules.ConfigureAwait, call.GetLocation(), type.Name));
        }
    }
}
