using System.Reflection;

namespace OrleansCache;

/// <summary>What a grain file may use is the same on both engines: the file surface.txt is the built-in engine's own, and every line
/// of it is found in the official assemblies.</summary>
public sealed class SurfaceTests
{
    private static readonly string[] Namespaces = ["OrleansCache.Engine", "Orleans", "Orleans.Concurrency", "Orleans.Runtime", "Orleans.Storage", "Orleans.Core"];

    private static string File => Path.Combine(AppContext.BaseDirectory, "surface.txt");

    [Fact]
    public void The_loaded_engine_has_every_member_of_the_surface()
    {
        var wanted = System.IO.File.ReadAllLines(File);
        var assemblies = new[] { typeof(Grain), typeof(IGrainFactory), typeof(IClusterClient), typeof(IPersistentState<>), typeof(IGrainStorage), typeof(AliasAttribute) }
            .Select(t => t.Assembly).Distinct();
        var names = wanted.Select(line => line[..line.IndexOf(": ", StringComparison.Ordinal)]).ToHashSet();
        var found = assemblies.SelectMany(a => a.GetExportedTypes()).Where(t => Namespaces.Contains(t.Namespace) && names.Contains(Surface.Name(t)))
            .SelectMany(Surface.Of).ToHashSet();

        Assert.Empty(wanted.Except(found));
    }

#if ENGINE_BUILTIN
    [Fact]
    public void The_surface_file_is_up_to_date()
    {
        var own = typeof(Grain).Assembly.GetType("OrleansCache.Engine.BuiltinOnlyAttribute", throwOnError: true)!;
        var lines = typeof(Grain).Assembly.GetExportedTypes().Where(t => !t.IsDefined(own, inherit: false) && t.DeclaringType is null).SelectMany(Surface.Of)
            .Order(StringComparer.Ordinal).ToArray();
        if (Environment.GetEnvironmentVariable("WRITE_SURFACE") is { Length: > 0 } path)
            System.IO.File.WriteAllLines(path, lines);

        Assert.Equal(lines, System.IO.File.ReadAllLines(File));
    }
#endif
}
