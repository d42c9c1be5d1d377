using System.ComponentModel;

namespace OrleansCache;

/// <summary>The cache between an interface and the application's own class. For generated code.</summary>
/// <remarks>What passes through goes to an instance of the caller's own scope. A load may serve many callers and outlive the first,
/// so it has an instance in a scope of its own.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DecoratedApi<TApi>
    where TApi : class
{
    private readonly DecoratedIntegration<TApi> _integration;
    private readonly IServiceProvider _services;

    internal DecoratedApi(DecoratedIntegration<TApi> integration, IServiceProvider services) => (_integration, _services) = (integration, services);

    /// <summary>The application's own, for what is not cached.</summary>
    public TApi Inner => field ??= _integration.Resolve(_services);

    /// <summary>Answers from the cache, or by the application's own class.</summary>
    public ValueTask<T> CallAsync<TState, T>(
        int method, TState state, Func<TApi, TState, CancellationToken, ValueTask<T>> call, (string Name, object? Value)[] arguments, (string Name, object? Value)[]? more, CancellationToken ct,
        Func<TApi, TState, CancellationToken, ValueTask<string?>>? version = null)
    {
        var integration = _integration;
        return _integration.CallAsync(
            method, new(arguments, more), (integration, state, call), static (s, ct) => s.integration.InScopeAsync(s.call, s.state, ct),
            version is null ? null : ct => integration.InScopeAsync(version, state, ct), ct);
    }

    /// <summary>Raises tags and removes values, after what they stand for was changed. No token: that is done already.</summary>
    public ValueTask InvalidateAsync(int invalidation, (string Name, object? Value)[] arguments, (string Name, object? Value)[]? more) =>
        _integration.InvalidateAsync(invalidation, new(arguments, more));
}
