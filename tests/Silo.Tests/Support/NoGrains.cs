using System.Reflection;

namespace OrleansCache.Silo.Tests;

/// <summary>Reaches no grain. Public and open, because the runtime derives from it.</summary>
public class NoGrains : DispatchProxy
{
    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();
}
