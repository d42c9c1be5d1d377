namespace OrleansCache.Engine;

/// <summary>State in memory, with ETags. It ends with the process.</summary>
internal sealed class MemoryGrainStorage(SiloRuntime runtime) : IGrainStorage
{
    private readonly Dictionary<(string Name, GrainId Grain), (object? Value, string Tag)> _records = [];
    private readonly Lock _gate = new();
    private long _lastTag;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        using var scope = _gate.EnterScope();
        grainState.RecordExists = _records.TryGetValue((stateName, grainId), out var record);
        grainState.State = grainState.RecordExists ? Codecs<T>.Copy((T)record.Value!, runtime) : Fresh<T>();
        grainState.ETag = record.Tag;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        using var scope = _gate.EnterScope();
        Check(stateName, grainId, grainState.ETag);
        grainState.ETag = (++_lastTag).ToString(CultureInfo.InvariantCulture);
        grainState.RecordExists = true;
        _records[(stateName, grainId)] = (Codecs<T>.Copy(grainState.State!, runtime), grainState.ETag);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        using var scope = _gate.EnterScope();
        Check(stateName, grainId, grainState.ETag);
        _records.Remove((stateName, grainId));
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Fresh<T>(), null, false);
        return Task.CompletedTask;
    }

    /// <summary>What an absent record is read as: an empty object, as on Orleans.</summary>
    public static T? Fresh<T>() =>
        typeof(T).IsValueType || typeof(T) == typeof(string) || typeof(T).GetConstructor([]) is null ? default : Activator.CreateInstance<T>();

    private void Check(string name, GrainId grain, string? tag)
    {
        var stored = _records.TryGetValue((name, grain), out var record) ? record.Tag : null;
        if (stored != tag)
            throw new InconsistentStateException($"State '{name}' of {grain} was changed by another: the store has ETag {stored ?? "none"}, the grain {tag ?? "none"}.", stored, tag);
    }
}
