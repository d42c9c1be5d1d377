using System.Text;

namespace OrleansCache;

/// <summary>Grain state in Redis, one string each: the version as text of 32 bytes, then the state.</summary>
internal sealed class RedisStateStore(IRedisDatabase redis, RedisKeys keys) : IStateStore
{
    private const int VersionLength = 32;

    public async ValueTask<StoredState?> ReadAsync(string name)
    {
        var bytes = (await redis.ExecuteAsync(["GET", keys.State(name)], default).ConfigureAwait(false)).Bytes;
        return bytes is null || bytes.Length < VersionLength
            ? null
            : new StoredState(Encoding.ASCII.GetString(bytes, 0, VersionLength), bytes[VersionLength..]);
    }

    public async ValueTask<StateConflict?> WriteAsync(string name, string? expected, string next, byte[]? bytes)
    {
        byte[] payload = bytes is null ? [] : [.. Encoding.ASCII.GetBytes(next), .. bytes];
        var answer = await redis.EvaluateAsync(RedisScriptText.WriteState, keys.State(name), [expected ?? "", payload], default).ConfigureAwait(false);
        return answer[0].AsNumber() == 1 ? null : new StateConflict(answer[1].Bytes is { Length: > 0 } ? answer[1].Text : null);
    }
}
