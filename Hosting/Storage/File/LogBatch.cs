namespace OrleansCache;

/// <summary>Records that go to the file in one write, and how the index changes after it.</summary>
internal sealed class LogBatch(LogFiles files)
{
    private const int KeptBytes = 4 << 20;
    private readonly List<Pending> _pending = [];
    private readonly Dictionary<ulong, List<int>> _byHash = [];
    private List<LogWrite> _writes = [];
    private byte[] _bytes = new byte[64 << 10];
    private long _now;

    public int Length { get; private set; }

    /// <summary>Bytes of records in this batch that hide older ones beyond their own expiry.</summary>
    public long Hiding { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Empties the batch and returns the list in which its writes gather.</summary>
    public List<LogWrite> Begin(long now)
    {
        (Length, Hiding, _now) = (0, 0, now);
        _pending.Clear();
        _byHash.Clear();
        _writes.Clear();
        if (_bytes.Length > KeptBytes)
            _bytes = new byte[64 << 10];
        return _writes;
    }

    /// <summary>Lets the write judge what is there, in this batch or in the log, and adds its record if it wants so.</summary>
    public void Add(LogWrite write)
    {
        _writes.Add(write);
        var hash = files.HashOf(write.Key);
        if (FindPending(hash, write.Key) is { } earlier)
        {
            if (write.Decide(earlier.Write!.ExpiresAt > _now ? earlier.Write.Payload.Span : [], earlier.Write.ExpiresAt > _now))
                Append(write, hash, earlier.Slot, earlier.IsTwin);
            return;
        }
        using var stored = files.Read(write.Key, hash);
        var exists = stored.ExpiresAt > _now;
        if (write.Decide(exists ? stored.Payload : [], exists))
            Append(write, hash, stored.Slot, HasTwin(hash, stored.Slot));
    }

    /// <summary>Adds a record that is there already, at a new place, unless something newer took its place.</summary>
    public void AddMoved(byte[] record, LogSlot source, uint keepUntil)
    {
        if (!files.Index.TryGet(source, out _))
            return;
        Reserve(record.Length);
        record.CopyTo(_bytes, Length);
        if (LogRecordHeader.TryRead(record, out var header) && HasTwin(source.Hash, source))
            (header with { IsTwin = true }).Write(_bytes.AsSpan(Length));
        _pending.Add(new(null, source with { Offset = (uint)Length, KeepUntil = keepUntil }, source, false));
        Length += record.Length;
    }

    /// <summary>Makes the records visible; they are in the file from <paramref name="start"/> on.</summary>
    public void Publish(LogSegment segment, long start)
    {
        foreach (var pending in _pending)
        {
            var slot = Place(pending.Slot, segment.Number, start);
            var old = pending.Old is { Length: > 0, Segment: 0 } ? Place(pending.Old, segment.Number, start) : pending.Old;
            segment.AddLive(slot.Length);
            if (files.Index.Put(slot, old))
                files.SegmentOf(old)?.AddLive(-old.Length);
        }
    }

    private static LogSlot Place(LogSlot slot, int segment, long start) => slot with { Segment = segment, Offset = (uint)(start + slot.Offset) };

    private void Append(LogWrite write, ulong hash, LogSlot old, bool isTwin)
    {
        Reserve(write.RecordLength);
        write.WriteTo(_bytes.AsSpan(Length), isTwin);
        var slot = new LogSlot
        {
            Hash = hash,
            Offset = (uint)Length,
            Length = write.RecordLength,
            KeepUntil = Math.Max(LogSlot.Seconds(write.ExpiresAt), old.KeepUntil),
        };
        if (old.KeepUntil > LogSlot.Seconds(write.ExpiresAt))
            Hiding += write.RecordLength;
        if (!_byHash.TryGetValue(hash, out var places))
            _byHash[hash] = places = [];
        places.Add(_pending.Count);
        _pending.Add(new(write, slot, old, isTwin));
        Length += write.RecordLength;
    }

    private Pending? FindPending(ulong hash, byte[] key)
    {
        if (!_byHash.TryGetValue(hash, out var places))
            return null;
        for (var i = places.Count - 1; i >= 0; i--)
        {
            if (_pending[places[i]].Write!.Key.AsSpan().SequenceEqual(key))
                return _pending[places[i]];
        }
        return null;
    }

    // Another key of the same hash, in the log or in this batch.
    private bool HasTwin(ulong hash, LogSlot own)
    {
        for (var ordinal = 0; files.Index.TryFind(hash, ordinal, out var slot); ordinal++)
        {
            if (!slot.IsAt(own))
                return true;
        }
        return _byHash.ContainsKey(hash);
    }

    private void Reserve(int length)
    {
        if (Length + length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + length));
    }

    // The place of a slot of this batch has segment 0, and an offset within the batch.
    private readonly record struct Pending(LogWrite? Write, LogSlot Slot, LogSlot Old, bool IsTwin);
}
