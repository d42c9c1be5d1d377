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
        var self = typeof(EngineModules).Assembly.GetName().Name;
        var seen = new HashSet<string>();
        var queue = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies());
        while (queue.TryDequeue(out var assembly))
        {
            if (assembly.IsDynamic || !seen.Add(assembly.FullName ?? ""))
                continue;
            var references = assembly.GetReferencedAssemblies();
            if (!references.Any(name => name.Name == self))
                continue;
            Load(assembly);
            foreach (var name in references.Where(name => !IsFramework(name.Name!) && !seen.Contains(name.FullName)))
                queue.Enqueue(Assembly.Load(name));
        }
    }

    private static bool IsFramework(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal);
}
