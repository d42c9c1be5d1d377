using System.Collections.Concurrent;

namespace OrleansCache;

/// <summary>A store in memory with ETags, the same on both engines.</summary>
internal sealed class TestStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string, GrainId), (object? Value, int Version)> _records = new();
    private readonly ConcurrentDictionary<GrainId, Held> _held = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_records.TryGetValue((stateName, grainId), out var record))
            (grainState.State, grainState.ETag, grainState.RecordExists) = ((T?)record.Value, $"{record.Version}", true);
        else
            (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_held.TryGetValue(grainId, out var held))
            await held.PassAsync($"write over {grainState.ETag ?? "nothing"}");
        var version = _records.TryGetValue((stateName, grainId), out var record) ? record.Version : 0;
        if (grainState.ETag != (version == 0 ? null : $"{version}"))
            throw new InconsistentStateException("Changed by another.", $"{version}", grainState.ETag);
        _records[(stateName, grainId)] = (grainState.State, version + 1);
        (grainState.ETag, grainState.RecordExists) = ($"{version + 1}", true);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_held.TryGetValue(grainId, out var held))
            held.Calls.Enqueue($"clear {grainState.ETag}");
        _records.TryRemove((stateName, grainId), out _);
        (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
        return Task.CompletedTask;
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : WriteStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : ClearStateAsync(stateName, grainId, grainState);

    /// <summary>Holds up the writes of a grain.</summary>
    public Held Hold(GrainId grainId) => _held[grainId] = new();

    /// <summary>Changes the record as another process would.</summary>
    public void Disturb(string stateName, GrainId grainId) =>
        _records.AddOrUpdate((stateName, grainId), (null, 100), (_, record) => (record.Value, record.Version + 100));

    internal sealed class Held : IDisposable
    {
        private readonly SemaphoreSlim _reached = new(0);
        private readonly SemaphoreSlim _gate = new(0);

        public ConcurrentQueue<string> Calls { get; } = [];

        public Task ReachedAsync() => _reached.WaitAsync();

        public void Release() => _gate.Release();

        public Task PassAsync(string call)
        {
            Calls.Enqueue(call);
            _reached.Release();
            return _gate.WaitAsync();
        }

        public void Dispose()
        {
            _reached.Dispose();
            _gate.Dispose();
        }
    }
}
