namespace OrleansCache.Engine;

/// <summary>A method of a grain interface. Generated.</summary>
/// <param name="Name">Its alias, or its name with its parameter types.</param>
/// <param name="Make">Makes an empty request, to be filled from the wire.</param>
/// <param name="AlwaysInterleave">Starts whatever runs already.</param>
/// <param name="OneWay">Nobody waits for the result.</param>
/// <param name="ImmutableArguments">The arguments are passed without a copy.</param>
/// <param name="ImmutableResult">The result is passed without a copy.</param>
[BuiltinOnly]
public sealed record GrainMethod(string Name, Func<GrainRequest> Make, bool AlwaysInterleave, bool OneWay, bool ImmutableArguments, bool ImmutableResult)
{
    internal ulong Id { get; set; }

    internal InterfaceInfo Interface { get; set; } = null!;

    /// <inheritdoc/>
    public override string ToString() => $"{Interface?.Name}.{Name}";
}

/// <summary>A grain or observer interface. Generated.</summary>
[BuiltinOnly]
public sealed class InterfaceInfo
{
    private static readonly ConcurrentDictionary<Type, InterfaceInfo> ByType = new();
    private static readonly ConcurrentDictionary<ulong, InterfaceInfo> ById = new();
    private static readonly ConcurrentDictionary<ulong, GrainMethod> Methods = new();
    private static int s_count;

    /// <summary>Describes an interface.</summary>
    /// <param name="type">The interface.</param>
    /// <param name="name">Its alias, or its full name.</param>
    /// <param name="makeProxy">Makes a reference.</param>
    /// <param name="methods">Its methods, inherited ones included.</param>
    public InterfaceInfo(Type type, string name, Func<ProxyTarget, GrainProxy> makeProxy, params GrainMethod[] methods)
    {
        (Type, Name, MakeProxy, Own) = (type, name, makeProxy, methods);
        IsObserver = typeof(IGrainObserver).IsAssignableFrom(type);
        Id = Hash(name);
        foreach (var method in methods)
            (method.Interface, method.Id) = (this, Hash(name + "/" + method.Name));
    }

    internal Type Type { get; }

    internal string Name { get; }

    internal ulong Id { get; }

    internal bool IsObserver { get; }

    /// <summary>A small number of this process, for tables.</summary>
    internal int Index { get; private set; }

    internal Func<ProxyTarget, GrainProxy> MakeProxy { get; }

    private GrainMethod[] Own { get; }

    internal static InterfaceInfo Of(Type type)
    {
        if (ByType.TryGetValue(type, out var info))
            return info;
        EngineModules.Load(type.Module);
        return ByType.TryGetValue(type, out info) ? info : throw new ArgumentException(
            $"{type} is no grain interface known here: it must derive from IGrainWithStringKey or IGrainObserver, in a project that runs the engine's generator.");
    }

    internal static InterfaceInfo? Find(ulong id) => ById.GetValueOrDefault(id);

    internal static GrainMethod? FindMethod(ulong id) => Methods.GetValueOrDefault(id);

    internal static void Add(InterfaceInfo info)
    {
        info.Index = Interlocked.Increment(ref s_count) - 1;
        if (!ById.TryAdd(info.Id, info) && ById[info.Id].Type != info.Type)
            throw new InvalidOperationException($"{info.Type} and {ById[info.Id].Type} are both named '{info.Name}' on the wire: change one [Alias].");
        ByType[info.Type] = info;
        if (info.Own.FirstOrDefault(method => !Methods.TryAdd(method.Id, method)) is { } twin)
            throw new InvalidOperationException($"{twin} and {Methods[twin.Id]} have one number on the wire: change one [Alias].");
    }

    /// <summary>FNV-1a, 64 bits, over UTF-8: the same in every process.</summary>
    internal static ulong Hash(string text)
    {
        var hash = 14695981039346656037;
        foreach (var b in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}

/// <summary>A grain class. Generated.</summary>
/// <param name="Type">The class.</param>
/// <param name="Name">Its name in the cluster.</param>
/// <param name="Reentrant">Its requests interleave.</param>
/// <param name="Interfaces">The grain interfaces it implements.</param>
[BuiltinOnly]
public sealed record GrainClassInfo(Type Type, string Name, bool Reentrant, params Type[] Interfaces);
