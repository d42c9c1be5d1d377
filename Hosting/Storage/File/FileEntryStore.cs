using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Entries in the data folder's log.</summary>
/// <remarks>
/// The folder has one owner at a time, and one epoch with it, so that an epoch is raised for all keys at once and needs no write: the
/// highest that was ever asked with is the least that may be written with.
/// </remarks>
internal sealed class FileEntryStore(FileStorage storage, IClusterClock clock, StorageMetrics metrics, ILogger<FileEntryStore> logger) : IEntryStore
{
    private const string Prefix = "e:";
    private long _epoch;

    public string Kind => "file";

    public bool IsReachable => storage.IsWritable;

    public ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        var floor = Math.Max(epoch, Highest.Raise(ref _epoch, epoch));
        if (floor > epoch)
            return Refused(floor);
        using var value = storage.Log.Read(Prefix + grainKey);
        var record = value.ExpiresAt > clock.Now ? Decode(value.Payload, grainKey) : null;
        if (record?.Epoch > epoch)
            return Refused(record.Epoch);
        metrics.End("read", record is not null ? "found" : value.IsDamaged ? "damaged" : "absent", begun);
        return new(new StoreReadResult(record is null ? null : record with { Epoch = epoch }, 0));

        ValueTask<StoreReadResult> Refused(long higher)
        {
            metrics.End("read", "refused", begun);
            return new(new StoreReadResult(null, higher));
        }
    }

    public async ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken)
    {
        var begun = metrics.Begin();
        try
        {
            var write = new EntryWrite(Prefix + grainKey, record, this);
            await storage.Log.WriteAsync(write).WaitAsync(cancellationToken).ConfigureAwait(false);
            metrics.End("write", write.Result.Written ? "written" : "refused", begun);
            return write.Result;
        }
        catch (StoreUnavailableException)
        {
            metrics.End("write", "unavailable", begun);
            throw;
        }
    }

    private EntryRecord? Decode(ReadOnlySpan<byte> payload, string grainKey)
    {
        try
        {
            return EntryRecordCodec.Decode(payload);
        }
        catch (RecordFormatException exception)
        {
            logger.UnreadableRecord(exception, RoutingHash.Of(grainKey));
            return null;
        }
    }

    private sealed class EntryWrite(string key, EntryRecord record, FileEntryStore store)
        : LogWrite(key, EntryRecordCodec.Encode(record), record.ExpiresAt)
    {
        public StoreWriteResult Result { get; private set; }

        public override bool Decide(ReadOnlySpan<byte> stored, bool exists)
        {
            var floor = Volatile.Read(ref store._epoch);
            var there = exists ? StampOf(stored) : null;
            there = there is { } stamp ? stamp with { Epoch = Math.Max(stamp.Epoch, floor) } : floor > 0 ? new RecordStamp(floor, default, 0) : null;
            var verdict = WriteRule.Judge(there, new(record.Epoch, record.OperationId, record.Version));
            Result = new(
                verdict is WriteVerdict.Write or WriteVerdict.Repeated,
                verdict == WriteVerdict.RefuseByEpoch ? there!.Value.Epoch : 0);
            return verdict == WriteVerdict.Write;
        }

        // What reads as absent is written over.
        private static RecordStamp? StampOf(ReadOnlySpan<byte> stored)
        {
            try
            {
                return RecordStamp.Read(stored);
            }
            catch (RecordFormatException)
            {
                return null;
            }
        }
    }
}
