using System.Reflection;

namespace OrleansCache.Fakes;

/// <summary>A grain factory of either engine, of which only <c>GetGrain</c> by a string is there.</summary>
#pragma warning disable CA1852 // The proxy derives from it at run time.
internal class FakeGrainFactory : DispatchProxy
#pragma warning restore CA1852
{
    private Func<Type, string, object> _grains = null!;

    public static IGrainFactory Of(Func<Type, string, object> grains)
    {
        var factory = Create<IGrainFactory, FakeGrainFactory>();
        ((FakeGrainFactory)(object)factory)._grains = grains;
        return factory;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod is { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } && args?[0] is string key
            ? _grains(targetMethod.GetGenericArguments()[0], key)
            : throw new NotSupportedException();
}
