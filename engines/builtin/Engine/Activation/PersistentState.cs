namespace OrleansCache.Engine;

internal abstract class PersistentStateBase
{
    public abstract Task ReadStateAsync(CancellationToken cancellationToken);
}

/// <summary>A grain's state over its store.</summary>
internal sealed class PersistentState<T>(Activation owner, string name, IGrainStorage storage) : PersistentStateBase, IPersistentState<T>
{
    private readonly GrainState<T> _state = new(Fresh());

    public T State { get => _state.State!; set => _state.State = value; }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public override Task ReadStateAsync(CancellationToken cancellationToken)
    {
        owner.CheckContext(nameof(ReadStateAsync));
        return KeepValueAsync(storage.ReadStateAsync(name, owner.GrainId, _state, cancellationToken));
    }

    public Task WriteStateAsync(CancellationToken cancellationToken)
    {
        owner.CheckContext(nameof(WriteStateAsync));
        return storage.WriteStateAsync(name, owner.GrainId, _state, cancellationToken);
    }

    public Task ClearStateAsync(CancellationToken cancellationToken)
    {
        owner.CheckContext(nameof(ClearStateAsync));
        return KeepValueAsync(storage.ClearStateAsync(name, owner.GrainId, _state, cancellationToken));
    }

    private async Task KeepValueAsync(Task work)
    {
        await work;
        _state.State ??= Fresh();
    }

    /// <summary>As on Orleans, an absent state is an empty object rather than null.</summary>
    private static T? Fresh() =>
        typeof(T).IsValueType || typeof(T) == typeof(string) || typeof(T).GetConstructor([]) is null ? default : Activator.CreateInstance<T>();
}
