namespace OrleansCache;

/// <summary>Where grain state is kept: bytes under a name, each with a version that writes compare.</summary>
internal interface IStateStore
{
    /// <summary>The state and its version; null when there is none.</summary>
    ValueTask<StoredState?> ReadAsync(string name);

    /// <summary>Replaces the state if its version is still <paramref name="expected"/> (null: if there is none); null bytes remove it.</summary>
    /// <returns>The version that is stored, when it was another one and nothing was changed; null when the write was made.</returns>
    ValueTask<StateConflict?> WriteAsync(string name, string? expected, string next, byte[]? bytes);
}

/// <summary>State as stored.</summary>
internal readonly record struct StoredState(string Version, byte[] Bytes);

/// <summary>What stood in the way of a write.</summary>
internal readonly record struct StateConflict(string? StoredVersion);
