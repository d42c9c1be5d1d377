using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Entries in Redis, one string each: read and written by scripts that touch that key alone.</summary>
internal sealed class RedisEntryStore(
    IRedisDatabase redis, RedisKeys keys, SampledClusterClock clock, LeasedOwnership ownership, StorageMetrics metrics, ILogger<RedisEntryStore> logger) : IEntryStore
{
    private const long ClaimMilliseconds = 60_000;
    private const long LeastTime = 2;       // what a refusal says in its place
    private readonly byte[] _claim = EntryRecordCodec.Encode(new() { Kind = RecordKind.Claim });

    public string Kind => "redis";

    public bool IsReachable => redis.IsConnected;

    public async ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        var claim = _claim.ToArray();
        BinaryPrimitives.WriteInt64BigEndian(claim.AsSpan(RecordStamp.EpochOffset), epoch);
        var answer = await AskAsync(
            "read",
            RedisScriptText.ReadEntry,
            grainKey,
            [claim.AsSpan(RecordStamp.EpochOffset, sizeof(long)).ToArray(), claim, ClaimMilliseconds],
            begun,
            cancellationToken).ConfigureAwait(false);
        if (answer[1].Number == 2)
        {
            metrics.End("read", "refused", begun);
            return new(null, Higher(answer[2]));
        }
        var record = answer[1].Number == 1 ? Decode(answer[2].Bytes!, grainKey) : null;
        if (record is null || record.ExpiresAt <= clock.Now)
        {
            metrics.End("read", "absent", begun);
            return default;
        }
        metrics.End("read", "found", begun);
        return new(record with { Epoch = epoch }, 0);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        var bytes = EntryRecordCodec.Encode(record);
        RedisWord[] words = record.ExpiresAt == long.MaxValue ? [bytes] : [bytes, (record.ExpiresAt / 1000) + 1];
        var answer = await AskAsync("write", RedisScriptText.WriteEntry, grainKey, words, begun, cancellationToken).ConfigureAwait(false);
        var isWritten = answer.Items is null;
        metrics.End("write", isWritten ? "written" : "refused", begun);
        return new(isWritten, answer[0].Number == 1 ? Higher(answer[1]) : 0);
    }

    // Every answer but a refused write's carries the server's time: a sample of cluster time that costs next to nothing.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisAnswer> AskAsync(
        string operation, RedisScriptText script, string grainKey, RedisWord[] arguments, long begun, CancellationToken cancellationToken)
    {
        try
        {
            var sentAt = clock.Timestamp();
            var answer = await redis.EvaluateAsync(script, keys.Entry(grainKey), arguments, cancellationToken).ConfigureAwait(false);
            if ((answer.Items is null ? answer.Number : answer[0].Number) is > LeastTime and var now)
                clock.Add(sentAt, now, clock.Timestamp());
            return answer;
        }
        catch (StoreUnavailableException)
        {
            metrics.End(operation, "unavailable", begun);
            throw;
        }
    }

    private long Higher(RedisAnswer epoch)
    {
        var higher = BinaryPrimitives.ReadInt64BigEndian(epoch.Bytes);
        ownership.Saw(higher);
        return higher;
    }

    private EntryRecord? Decode(byte[] bytes, string grainKey)
    {
        try
        {
            return EntryRecordCodec.Decode(bytes);
        }
        catch (RecordFormatException exception)
        {
            logger.UnreadableRecord(exception, RoutingHash.Of(grainKey));
            return null;
        }
    }
}
