namespace OrleansCache.Engine;

/// <summary>A grain's state as its store sees it.</summary>
public interface IGrainState<T>
{
    /// <summary>The value.</summary>
    T? State { get; set; }

    /// <summary>The store's version of the value; null when nothing is stored.</summary>
    string? ETag { get; set; }

    /// <summary>True when the store holds a record.</summary>
    bool RecordExists { get; set; }
}

/// <summary>A plain <see cref="IGrainState{T}"/>.</summary>
public sealed class GrainState<T> : IGrainState<T>
{
    /// <summary>Empty.</summary>
    public GrainState() { }

    /// <summary>With a value.</summary>
    public GrainState(T? state) => State = state;

    /// <summary>With a value and its version.</summary>
    public GrainState(T? state, string? eTag) => (State, ETag) = (state, eTag);

    /// <inheritdoc/>
    public T? State { get; set; }

    /// <inheritdoc/>
    public string? ETag { get; set; }

    /// <inheritdoc/>
    public bool RecordExists { get; set; }
}

/// <summary>A store of grain state, found in DI under the provider's name as key.</summary>
public interface IGrainStorage
{
    /// <summary>Reads the state into <paramref name="grainState"/>.</summary>
    Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <summary>Reads the state into <paramref name="grainState"/>.</summary>
    Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) => ReadStateAsync(stateName, grainId, grainState);

    /// <summary>Writes the state if its ETag is the stored one.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored.</exception>
    Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <summary>Writes the state if its ETag is the stored one.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored.</exception>
    Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) => WriteStateAsync(stateName, grainId, grainState);

    /// <summary>Removes the state if its ETag is the stored one.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored.</exception>
    Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <summary>Removes the state if its ETag is the stored one.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored.</exception>
    Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) => ClearStateAsync(stateName, grainId, grainState);
}

/// <summary>State of one grain and the calls that keep it. Only from the grain's own turns.</summary>
public interface IStorage
{
    /// <summary>The stored version; null when nothing is stored.</summary>
    string? Etag { get; }

    /// <summary>True when the store holds a record.</summary>
    bool RecordExists { get; }

    /// <summary>Removes the stored state.</summary>
    Task ClearStateAsync();

    /// <summary>Stores the state.</summary>
    Task WriteStateAsync();

    /// <summary>Reads the state anew.</summary>
    Task ReadStateAsync();

    /// <summary>Removes the stored state.</summary>
    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    /// <summary>Stores the state.</summary>
    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    /// <summary>Reads the state anew.</summary>
    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}

/// <summary>State of one grain with its value.</summary>
public interface IStorage<TState> : IStorage
{
    /// <summary>The value.</summary>
    TState State { get; set; }
}

/// <summary>State that a grain takes in its constructor with <see cref="PersistentStateAttribute"/>; read before the grain is activated.</summary>
public interface IPersistentState<TState> : IStorage<TState>;

/// <summary>Names the state and its store.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
{
    /// <summary>The name of the state within the grain.</summary>
    public string StateName { get; } = stateName;

    /// <summary>The key of the <see cref="IGrainStorage"/> in DI; null: <c>Default</c>.</summary>
    public string? StorageName { get; } = storageName;
}
