using System.Reflection;

namespace OrleansCache.TestSupport;

/// <summary>A grain factory of either engine, of which only <c>GetGrain&lt;T&gt;(string)</c> is there.</summary>
public class GrainsByKey : DispatchProxy
{
    private Func<Type, string, object> _grains = null!;

    /// <typeparam name="TFactory">The engine's <c>IGrainFactory</c>, which this project does not know.</typeparam>
    /// <param name="grains">Makes the grain of an interface and a key.</param>
    public static TFactory Of<TFactory>(Func<Type, string, object> grains) where TFactory : class
    {
        var factory = Create<TFactory, GrainsByKey>();
        ((GrainsByKey)(object)factory)._grains = grains;
        return factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod is { Name: "GetGrain", IsGenericMethod: true } && args?[0] is string key
            ? _grains(targetMethod.GetGenericArguments()[0], key)
            : throw new NotSupportedException();
}
