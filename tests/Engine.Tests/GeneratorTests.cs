extern alias generator;
using generator::OrleansCache.Engine.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What Orleans refuses, this engine's build refuses too.</summary>
public sealed class GeneratorTests
{
    [Fact]
    public async Task A_sound_file_compiles_without_a_word() => Assert.Empty(await DiagnoseAsync("""
        public interface IGood : IGrainWithStringKey { Task<R> GetAsync([Immutable] byte[] b, CancellationToken ct = default); [AlwaysInterleave] ValueTask PingAsync(); [OneWay] Task TellAsync(E e); }
        [GenerateSerializer] public enum E { A }
        [GenerateSerializer, Immutable] public sealed record R([property: Id(0)] string? A, [property: Id(1)] System.Collections.Immutable.ImmutableArray<R> Rs);
        [GenerateSerializer] public sealed class C { [Id(0)] public required int X { get; init; } [Id(1)] internal long _y; [NonSerialized] public int Z; public int Twice => 2 * X; [Id(2)] private readonly string? _s; public override string? ToString() => _s; }
        [Reentrant] public sealed class Good : Grain, IGood { public Task<R> GetAsync(byte[] b, CancellationToken ct) => Task.FromResult(new R(null, default)); public ValueTask PingAsync() => default; public async Task TellAsync(E e) => await Task.Yield(); }
        """));

    [Theory]
    [InlineData("OCE001", "public interface IG : IGrainWithStringKey { Task A(); } public class G : Grain, IG { [AlwaysInterleave] public Task A() => Task.CompletedTask; }")]
    [InlineData("OCE002", "[GenerateSerializer] public class C { [Id(0)] public int A { get; set; } public int B { get; set; } }")]
    [InlineData("OCE002", "[GenerateSerializer] public record R(int A);")]
    [InlineData("OCE002", "[GenerateSerializer] public class C { public int A; }")]
    [InlineData("OCE003", "[GenerateSerializer] public class C { [Id(0)] public int A { get; set; } [Id(0)] public int B { get; set; } }")]
    [InlineData("OCE004", "[GenerateSerializer, Alias(\"x\")] public class C; [GenerateSerializer, Alias(\"x\")] public class D;")]
    [InlineData("OCE004", "public interface IG : IGrainWithStringKey { [Alias(\"a\")] Task A(); [Alias(\"a\")] Task B(); }")]
    [InlineData("OCE005", "public interface IG : IGrainWithStringKey { int A(); }")]
    [InlineData("OCE005", "public interface IG : IGrainObserver { void A(); }")]
    [InlineData("OCE006", "public class G : Grain { public async Task A() => await Task.Delay(1).ConfigureAwait(false); }")]
    [InlineData("OCE006", "public class G : Grain { public async Task A() => await Task.Delay(1).ConfigureAwait(ConfigureAwaitOptions.ForceYielding); }")]
    [InlineData("OCE007", "public interface IG : IGrainWithStringKey { int A { get; } }")]
    [InlineData("OCE007", "public interface IG : IGrainWithStringKey { Task A(CancellationToken ct, int b); }")]
    [InlineData("OCE007", "public interface IG : IGrainWithStringKey { Task A(ref int b); }")]
    [InlineData("OCE008", "public interface IG : IGrainWithStringKey { Task A(System.Uri b); }")]
    [InlineData("OCE008", "public interface IG : IGrainWithStringKey { Task<System.Collections.Generic.IReadOnlyList<int>> A(); }")]
    [InlineData("OCE008", "[GenerateSerializer] public class C { [Id(0)] public object? A { get; set; } }")]
    [InlineData("OCE009", "public class SiloStatus;")]
    [InlineData("OCE010", "[GenerateSerializer] public class C { [Id(0)] public int A { get; } public C(string b) { } }")]
    public async Task What_Orleans_refuses_is_refused(string rule, string source) => Assert.Contains(rule, await DiagnoseAsync(source));

    [Fact]
    public async Task ConfigureAwait_true_and_other_classes_are_left_alone() => Assert.Empty(await DiagnoseAsync("""
        public class G : Grain { public async Task A() => await Task.Delay(1).ConfigureAwait(true); }
        public class Other { public async Task A() => await Task.Delay(1).ConfigureAwait(false); }
        """));

    private static async Task<string[]> DiagnoseAsync(string source)
    {
        var ct = TestContext.Current.CancellationToken;
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is { } name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "mscorlib.dll" or "netstandard.dll"))
            .Append(typeof(Grain).Assembly.Location).Select(p => MetadataReference.CreateFromFile(p));
        var tree = CSharpSyntaxTree.ParseText($"using System; using System.Threading; using System.Threading.Tasks; using OrleansCache.Engine; namespace Sample;\n{source}",
            new CSharpParseOptions(LanguageVersion.Preview), path: "Sample.cs", cancellationToken: ct);
        var compilation = CSharpCompilation.Create("Sample", [tree], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new EngineGenerator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)tree.Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var generated, out var found, ct);
        var analyzed = await generated.WithAnalyzers([new GrainAnalyzer()], new AnalyzerOptions([new Names()])).GetAllDiagnosticsAsync(ct);
        return [.. found.Concat(analyzed).Where(d => d.Severity == DiagnosticSeverity.Error && !(found.Length > 0 && d.Id.StartsWith("CS", StringComparison.Ordinal)))
            .Select(d => d.Id.StartsWith("CS", StringComparison.Ordinal) ? d.ToString() : d.Id).Distinct()];
    }

    private sealed class Names : AdditionalText
    {
        public override string Path => "engines/orleans.names";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From("SiloStatus\nErrorCode\n");
    }
}
