namespace OrleansCache.Engine;

/// <summary>Where a reference points.</summary>
[BuiltinOnly]
public readonly struct ProxyTarget
{
    internal ProxyTarget(EngineRuntime runtime, InterfaceInfo info, string key) => (Runtime, Interface, Key) = (runtime, info, key);

    internal EngineRuntime Runtime { get; }

    internal InterfaceInfo Interface { get; }

    internal string Key { get; }
}

/// <summary>The base of generated references. Equal when they name the same target by the same interface.</summary>
[BuiltinOnly]
public abstract class GrainProxy(ProxyTarget target) : IAddressable, IEquatable<GrainProxy>
{
    internal EngineRuntime Runtime { get; } = target.Runtime;

    internal InterfaceInfo Interface { get; } = target.Interface;

    internal string Key { get; } = target.Key;

    internal GrainId GrainId => Runtime.IdOf(Interface, Key);

    /// <summary>Sends a request; the result is the grain's.</summary>
    protected ValueTask<T> Call<T>(GrainRequest<T> request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Start(this, cancellationToken);
        return request.Result;
    }

    /// <summary>Sends a request without a result.</summary>
    protected ValueTask Call(GrainRequest<Nothing> request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Start(this, cancellationToken);
        return request.Completion;
    }

    /// <inheritdoc/>
    public bool Equals(GrainProxy? other) => other is not null && other.Interface == Interface && other.Key == Key && other.Runtime == Runtime;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainProxy);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Interface.Id, Key);

    /// <inheritdoc/>
    public override string ToString() => $"{Interface.Name}({Key})";
}
