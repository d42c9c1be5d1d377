using System.Reflection;

namespace OrleansCache.Engine;

/// <summary>Names the class that knows what an assembly declares. Generated.</summary>
[BuiltinOnly, AttributeUsage(AttributeTargets.Assembly)]
public sealed class EngineModuleAttribute(Type module) : Attribute
{
    internal Type Module { get; } = module;
}

/// <summary>What an assembly declares: codecs, grain interfaces, grain classes. Generated.</summary>
[BuiltinOnly]
public abstract class EngineModule
{
    /// <summary>Adds everything by the three methods below.</summary>
    public abstract void Register();

    /// <summary>Adds a codec.</summary>
    protected static void Add<T>(Codec<T> codec) => CodecTable.Add(codec);

    /// <summary>Adds a grain or observer interface.</summary>
    protected static void Add(InterfaceInfo info) => InterfaceInfo.Add(info);

    /// <summary>Adds a grain class.</summary>
    protected static void Add(GrainClassInfo info) => EngineModules.Classes.TryAdd(info.Type, info);
}

internal static class EngineModules
{
    private static readonly HashSet<Assembly> Loaded = [];

    public static System.Collections.Concurrent.ConcurrentDictionary<Type, GrainClassInfo> Classes { get; } = new();

    public static void Load(Assembly assembly)
    {
        lock (Loaded)
        {
            if (!Loaded.Add(assembly) || assembly.GetCustomAttribute<EngineModuleAttribute>() is not { } attribute)
                return;
            ((EngineModule)Activator.CreateInstance(attribute.Module, nonPublic: true)!).Register();
        }
    }

    /// <summary>Loads every assembly that the program refers to, directly or not, and that was built with the generator.</summary>
    public static void LoadAll()
    {
        var seen = new HashSet<string>();
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
            LoadWithReferences(assembly, seen);
    }

    private static void LoadWithReferences(Assembly assembly, HashSet<string> seen)
    {
        var name = assembly.GetName();
        if (assembly.IsDynamic || IsFramework(name.Name!) || !seen.Add(name.FullName))
            return;
        Load(assembly);
        foreach (var reference in assembly.GetReferencedAssemblies().Where(r => !IsFramework(r.Name!) && !seen.Contains(r.FullName)))
        {
            try
            {
                LoadWithReferences(Assembly.Load(reference), seen);
            }
            catch (FileNotFoundException)
            {
                // an optional part of somebody's package
            }
        }
    }

    private static bool IsFramework(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal);
}
