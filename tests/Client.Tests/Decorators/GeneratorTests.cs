extern alias generator;
using generator::OrleansCache.Client.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OrleansCache.Decorators;

/// <summary>What an interface with attributes may hold, and how the build says that it may not.</summary>
public sealed class GeneratorTests
{
    [Fact]
    public void A_sound_interface_compiles_without_a_word() => Assert.Empty(Diagnose("""
        public interface IBase { [Obsolete] int Old(); Task<string> Plain(in int a, out int b, ref readonly int c, params int[] more); T Any<T>(T value) where T : class?, new(); }
        public enum Kind { A }
        public record Order(string Id, User? By); public record User(int? Number);
        public static class Outer { [Integration("x")] internal interface IApi : IBase, IDisposable {
            [Cached] Task<int> None();
            [Cached(Strategy = Strategy.Background, FreshSeconds = 1.5, StaleSeconds = 2, Tags = ["a:{id}", "{kind}{day}"], Limiter = "x")] ValueTask<List<string?>?> Many(string? id, Kind? kind, DateOnly day, Guid @class, long a5, long a6, long a7, long a8, long a9, CancellationToken ct);
            [Cached(Name = "Other")] Task<int> None(int a);
            [Cached("named", Tags = ["{order.By.Number}"])] Task<int> Deep(Order order, [System.Runtime.CompilerServices.CallerMemberName] string by = "");
            [Invalidates("o:{order.Id}"), Invalidates("n:{order.By.Number}", Method = nameof(None))] Task<Order> Save(Order order, CancellationToken ct = default);
            [Cached(Version = nameof(VersionOf), OnVersionFailure = OnVersionFailure.Serve, DefaultVersion = "none", FreshSeconds = 5)] Task<int> Versioned(string id, int page, CancellationToken ct);
            [Cached(Version = nameof(All), Strategy = Strategy.Versioned)] ValueTask<int> VersionedByAll(int a);
            Task<string?> VersionOf(string id, CancellationToken ct); ValueTask<string> All();
            [Invalidates("all")] ValueTask Clear();
            int this[int i] { get; set; } string Name { get; } int Last { set; } event EventHandler? Happened; int Default() => 1; static int Made() => 2;
        } }
        """));

    [Theory]
    [InlineData("OCI001", "[Cached] int A();")]
    [InlineData("OCI001", "[Cached] void A();")]
    [InlineData("OCI001", "[Cached] Task A();")]
    [InlineData("OCI001", "[Cached] IAsyncEnumerable<int> A();")]
    [InlineData("OCI002", "[Invalidates(\"a\")] void A();")]
    [InlineData("OCI002", "[Invalidates(\"a\")] int A();")]
    [InlineData("OCI003", "[Cached] Task<int> A(ref int a);")]
    [InlineData("OCI003", "[Cached] Task<int> A(in int a);")]
    [InlineData("OCI003", "[Cached] Task<int> A(ReadOnlySpan<char> a);")]
    [InlineData("OCI003", "[Invalidates(\"a\")] Task A(out int a);")]
    [InlineData("OCI004", "[Cached] Task<T> A<T>(T a);")]
    [InlineData("OCI005", "[Cached(Tags = [\"a:{id\"])] Task<int> A(int id);")]
    [InlineData("OCI005", "[Cached(Tags = [\"\"])] Task<int> A(int id);")]
    [InlineData("OCI006", "[Cached(Tags = [\"a:{ids}\"])] Task<int> A(int id);")]
    [InlineData("OCI006", "[Cached(Tags = [\"a:{ct}\"])] Task<int> A(CancellationToken ct);")]
    [InlineData("OCI006", "[Cached(Tags = [\"a:{page.Nope}\"])] Task<int> A(Uri page);")]
    [InlineData("OCI006", "[Invalidates(\"a:{page}\")] Task A(Uri page);")]
    [InlineData("OCI007", "[Cached] Task<int> A(int a); [Cached] Task<int> A(string a);")]
    [InlineData("OCI007", "[Cached] Task<int> AAsync(int a); [Cached(Name = \"A\")] Task<int> B(string a);")]
    [InlineData("OCI008", "[Cached, Invalidates(\"a\")] Task<int> A();")]
    [InlineData("OCI009", "[Invalidates(Method = \"B\")] Task A();")]
    [InlineData("OCI009", "[Cached] Task<int> B(int id, int page); [Invalidates(Method = \"B\")] Task A(int id);")]
    [InlineData("OCI009", "[Cached] Task<int> B(int id); [Invalidates(Method = \"B\")] Task A(string id);")]
    [InlineData("OCI010", "static abstract int A();")]
    [InlineData("OCI010", "ref int A();")]
    [InlineData("OCI010", "int A { get; init; }")]
    [InlineData("OCI012", "[Cached(FreshSeconds = 0)] Task<int> A();")]
    [InlineData("OCI012", "[Cached(StaleSeconds = -1)] Task<int> A();")]
    [InlineData("OCI012", "[Cached(Jitter = 2)] Task<int> A();")]
    [InlineData("OCI012", "[Cached(FreshSeconds = double.NaN)] Task<int> A();")]
    [InlineData("OCI013", "[Cached(Version = \"B\")] Task<int> A(int id);")]
    [InlineData("OCI013", "[Cached(Version = \"B\")] Task<int> A(int id); Task<string> B(long id);")]
    [InlineData("OCI013", "[Cached(Version = \"B\")] Task<int> A(int id); Task<int> B(int id);")]
    [InlineData("OCI013", "[Cached(Version = \"B\")] Task<int> A(int id); Task<string> B(int id); Task<string> B();")]
    public void What_cannot_be_decorated_is_an_error_of_the_build(string rule, string members) =>
        Assert.Contains(rule, Diagnose($"[Integration(\"x\")] public interface IApi {{ {members} }}"));

    [Theory]
    [InlineData("OCI010", "[Integration(\"x\")] public interface IApi<T> { [Cached] Task<T> A(); }")]
    [InlineData("OCI010", "public class Outer { [Integration(\"x\")] private interface IApi { [Cached] Task<int> A(); } }")]
    [InlineData("OCI010", "[Integration(\"x\")] file interface IApi { [Cached] Task<int> A(); }")]
    [InlineData("OCI011", "public interface IApi { [Cached] Task<int> A(); }")]
    [InlineData("OCI011", "public class Api { [Invalidates(\"a\")] public Task A() => Task.CompletedTask; }")]
    public void So_is_what_would_do_nothing(string rule, string source) => Assert.Contains(rule, Diagnose(source));

    private static string[] Diagnose(string source)
    {
        var ct = TestContext.Current.CancellationToken;
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("OrleansCache.", StringComparison.Ordinal))
            .Concat([typeof(IOrleansCache).Assembly.Location, typeof(CacheKey).Assembly.Location])
            .Select(path => MetadataReference.CreateFromFile(path));
        var tree = CSharpSyntaxTree.ParseText($"using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using OrleansCache; namespace Sample;\n{source}",
            new CSharpParseOptions(LanguageVersion.Preview), path: "Sample.cs", cancellationToken: ct);
        var compilation = CSharpCompilation.Create("Sample", [tree], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new IntegrationGenerator().AsSourceGenerator()], parseOptions: (CSharpParseOptions)tree.Options)
            .RunGeneratorsAndUpdateCompilation(compilation, out var generated, out var found, ct);
        return [.. found.Concat(generated.GetDiagnostics(ct)).Where(static d => d.Severity == DiagnosticSeverity.Error)
            .Select(static d => d.Id.StartsWith("CS", StringComparison.Ordinal) ? d.ToString() : d.Id).Distinct()];
    }
}
