using System.Collections.Concurrent;

namespace OrleansCache.Engine;

/// <summary>State in memory, with ETags. It ends with the process.</summary>
internal sealed class MemoryGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string Name, GrainId Grain), (object? Value, long Version)> _records = new();
    private long _version;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var found = _records.TryGetValue((stateName, grainId), out var record);
        grainState.State = found ? Codecs<T>.Instance.Copy((T)record.Value!) : Fresh<T>();
        grainState.ETag = found ? Tag(record.Version) : null;
        grainState.RecordExists = found;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var version = Interlocked.Increment(ref _version);
        var record = ((object?)Codecs<T>.Instance.Copy(grainState.State!), version);
        var written = Stored(stateName, grainId, grainState) is { } known
            ? _records.TryUpdate((stateName, grainId), record, known)
            : grainState.ETag is null && _records.TryAdd((stateName, grainId), record);
        if (!written)
            throw Inconsistent(stateName, grainId, grainState);
        (grainState.ETag, grainState.RecordExists) = (Tag(version), true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (Stored(stateName, grainId, grainState) is { } known)
            _records.TryRemove(KeyValuePair.Create((stateName, grainId), known));
        else if (grainState.ETag is not null)
            throw Inconsistent(stateName, grainId, grainState);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Fresh<T>(), null, false);
        return Task.CompletedTask;
    }

    /// <summary>What an absent record is read as: an empty object, as on Orleans.</summary>
    public static T? Fresh<T>() =>
        typeof(T).IsValueType || typeof(T) == typeof(string) || typeof(T).GetConstructor([]) is null ? default : Activator.CreateInstance<T>();

    private static string Tag(long version) => version.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The record that the state's ETag names.</summary>
    private (object?, long)? Stored<T>(string name, GrainId grain, IGrainState<T> state) =>
        _records.TryGetValue((name, grain), out var record) && Tag(record.Version) == state.ETag ? record : null;

    private InconsistentStateException Inconsistent<T>(string name, GrainId grain, IGrainState<T> state)
    {
        var stored = _records.TryGetValue((name, grain), out var record) ? Tag(record.Version) : null;
        return new($"State '{name}' of {grain} was changed by another: the store has ETag {stored ?? "none"}, the grain {state.ETag ?? "none"}.", stored, state.ETag);
    }
}
