using System.Text.Json;

namespace OrleansCache;

/// <summary>Grain state as JSON in the store that the entries are in.</summary>
internal sealed class JsonGrainStorage(IStateStore store) : IGrainStorage
{
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await store.ReadAsync(Name(stateName, grainId)).ConfigureAwait(false);
        grainState.RecordExists = stored is not null;
        grainState.ETag = stored?.Version;
        grainState.State = stored is { } found ? JsonSerializer.Deserialize<T>(found.Bytes)! : Activator.CreateInstance<T>();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var next = Guid.NewGuid().ToString("N");
        await WriteAsync(stateName, grainId, grainState.ETag, next, JsonSerializer.SerializeToUtf8Bytes(grainState.State)).ConfigureAwait(false);
        grainState.ETag = next;
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await WriteAsync(stateName, grainId, grainState.ETag, "", null).ConfigureAwait(false);
        grainState.ETag = null;
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
    }

    private async Task WriteAsync(string stateName, GrainId grainId, string? expected, string next, byte[]? bytes)
    {
        if (await store.WriteAsync(Name(stateName, grainId), expected, next, bytes).ConfigureAwait(false) is { } conflict)
        {
            throw new InconsistentStateException(
                $"State '{stateName}' of grain {grainId} was changed by another activation; read it again.", conflict.StoredVersion ?? "", expected ?? "");
        }
    }

    private static string Name(string stateName, GrainId grainId) => $"{stateName}/{grainId}";
}
