using System.Collections.Concurrent;

namespace OrleansCache;

/// <summary>A store in memory with ETags, the same on both engines.</summary>
internal sealed class TestStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string, GrainId), (object? Value, int Version)> _records = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_records.TryGetValue((stateName, grainId), out var record))
            (grainState.State, grainState.ETag, grainState.RecordExists) = ((T?)record.Value, $"{record.Version}", true);
        else
            (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var version = _records.TryGetValue((stateName, grainId), out var record) ? record.Version : 0;
        if (grainState.ETag != (version == 0 ? null : $"{version}"))
            throw new InconsistentStateException("Changed by another.", $"{version}", grainState.ETag);
        _records[(stateName, grainId)] = (grainState.State, version + 1);
        (grainState.ETag, grainState.RecordExists) = ($"{version + 1}", true);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _records.TryRemove((stateName, grainId), out _);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        return Task.CompletedTask;
    }

    /// <summary>Changes the record as another process would.</summary>
    public void Disturb(string stateName, GrainId grainId) =>
        _records.AddOrUpdate((stateName, grainId), (null, 100), (_, record) => (record.Value, record.Version + 100));
}
