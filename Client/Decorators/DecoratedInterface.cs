using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>What a source generator wrote for an interface. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class DecoratedInterface
{
    /// <summary>Names the class that was written for an interface; called when its module is first used.</summary>
    public static void Register<TApi>(string name, DecoratedMethod[] methods, DecoratedInvalidation[] invalidations, Func<DecoratedApi<TApi>, TApi> make)
        where TApi : class => Registration<TApi>.Of = new(name, methods, invalidations, make);

    /// <exception cref="InvalidOperationException">Nothing was written for it.</exception>
    internal static Registration<TApi> Find<TApi>()
        where TApi : class
    {
        if (Registration<TApi>.Of is null)
            RuntimeHelpers.RunModuleConstructor(typeof(TApi).Module.ModuleHandle);
        return Registration<TApi>.Of ?? throw new InvalidOperationException(
            $"AddIntegration: no caching class was generated for {typeof(TApi)}; give the interface [Integration(\"name\")], in a project that refers to the package OrleansCache.Client (in a clone also to Client.Generator, as an analyzer: docs/strategies.md), and see the build's warnings.");
    }

    internal sealed record Registration<TApi>(string Name, DecoratedMethod[] Methods, DecoratedInvalidation[] Invalidations, Func<DecoratedApi<TApi>, TApi> Make)
        where TApi : class
    {
        public static Registration<TApi>? Of { get; set; }
    }
}
