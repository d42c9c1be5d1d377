using System.Text;

namespace OrleansCache;

/// <summary>Grain state in the data folder's log: the version as text of 32 bytes, then the state. A removed state is empty and has expired.</summary>
internal sealed class FileStateStore(FileStorage storage) : IStateStore
{
    private const string Prefix = "s:";
    private const int VersionLength = 32;

    public ValueTask<StoredState?> ReadAsync(string name)
    {
        using var value = storage.Log.Read(Prefix + name);
        if (value.IsDamaged)
            throw new StoreUnavailableException($"The stored state {name} is damaged; the log names the file and the offset.", maybeApplied: false);
        return new(value.Payload.Length < VersionLength
            ? null
            : new StoredState(Encoding.ASCII.GetString(value.Payload[..VersionLength]), value.Payload[VersionLength..].ToArray()));
    }

    public async ValueTask<StateConflict?> WriteAsync(string name, string? expected, string next, byte[]? bytes)
    {
        byte[] payload = bytes is null ? [] : [.. Encoding.ASCII.GetBytes(next), .. bytes];
        var write = new StateWrite(Prefix + name, payload, bytes is null ? 0 : long.MaxValue, expected);
        await storage.Log.WriteAsync(write).ConfigureAwait(false);
        return write.Conflict;
    }

    private sealed class StateWrite(string key, byte[] payload, long expiresAt, string? expected) : LogWrite(key, payload, expiresAt)
    {
        public StateConflict? Conflict { get; private set; }

        public override bool Decide(ReadOnlySpan<byte> stored, bool exists)
        {
            var version = stored.Length < VersionLength ? null : Encoding.ASCII.GetString(stored[..VersionLength]);
            Conflict = version == expected ? null : new(version);
            return Conflict is null;
        }
    }
}
