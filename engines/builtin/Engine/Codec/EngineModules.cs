namespace OrleansCache.Engine;

/// <summary>Takes what an assembly declares. Called by its module's initializer, which is generated.</summary>
[BuiltinOnly]
public static class EngineModules
{
    internal static ConcurrentDictionary<Type, GrainClassInfo> Classes { get; } = new();

    /// <summary>Adds a codec.</summary>
    public static void Add<T>(Codec<T> codec) => CodecTable.Add(codec);

    /// <summary>Adds a grain or observer interface.</summary>
    public static void Add(InterfaceInfo info) => InterfaceInfo.Add(info);

    /// <summary>Adds a grain class.</summary>
    public static void Add(GrainClassInfo info) => Classes.TryAdd(info.Type, info);

    /// <summary>Sees to it that what a type's assembly declares was added.</summary>
    internal static void Load(Module module) => RuntimeHelpers.RunModuleConstructor(module.ModuleHandle);

    /// <summary>Loads every assembly that the program refers to, directly or not, and that was built with the generator.</summary>
    internal static void LoadAll()
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
        Load(assembly.ManifestModule);
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
