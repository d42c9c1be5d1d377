using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>
/// Key hash to place in the log: open addressing with linear probing over structs, in shards that grow by a quarter, so that no growth
/// moves more than a thousandth of it. Two keys of one hash have two slots. Thread-safe.
/// </summary>
internal sealed class LogIndex
{
    public const int ShardCount = 1024;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];

    public long Count => _shards.Sum(shard => (long)shard.Count);

    /// <summary>Bytes that the slots take.</summary>
    public long Bytes => _shards.Sum(shard => shard.Bytes);

    /// <summary>Makes room for so many, so that filling it moves nothing.</summary>
    public void Reserve(long count)
    {
        foreach (var shard in _shards)
            shard.Reserve((int)(count / ShardCount * 4 / 3));
    }

    /// <summary>The n-th slot of the hash, from 0; false past the last.</summary>
    public bool TryFind(ulong hash, int ordinal, out LogSlot slot) => ShardOf(hash).TryFind(hash, ordinal, out slot);

    /// <summary>Puts the slot in the place of <paramref name="old"/>, or beside whatever is there when that is gone or default. True when it replaced it.</summary>
    public bool Put(LogSlot slot, LogSlot old) => ShardOf(slot.Hash).Put(slot, old);

    /// <summary>False when the slot is not there any more.</summary>
    public bool Remove(LogSlot slot) => ShardOf(slot.Hash).Remove(slot);

    /// <summary>The slot as it is now, if it still points where the given one does.</summary>
    public bool TryGet(LogSlot slot, out LogSlot current) => ShardOf(slot.Hash).TryGet(slot, out current);

    /// <summary>Takes out what need not be kept any more, and hands each slot to <paramref name="removed"/>.</summary>
    public void Sweep(int shard, uint now, Action<LogSlot> removed) => _shards[shard].Sweep(now, removed);

    private Shard ShardOf(ulong hash) => _shards[hash >> 54];

    private sealed class Shard
    {
        private const int Least = 8;
        private readonly Lock _lock = new();
        private LogSlot[] _slots = new LogSlot[Least];
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public long Bytes => (long)Volatile.Read(ref _slots).Length * Unsafe.SizeOf<LogSlot>();

        public void Reserve(int slots)
        {
            lock (_lock)
            {
                if (slots > _slots.Length)
                    Resize(slots);
            }
        }

        public bool TryFind(ulong hash, int ordinal, out LogSlot slot)
        {
            lock (_lock)
            {
                for (var i = Home(hash); _slots[i].Length != 0; i = Next(i))
                {
                    if (_slots[i].Hash != hash || ordinal-- > 0)
                        continue;
                    slot = _slots[i];
                    return true;
                }
            }
            slot = default;
            return false;
        }

        public bool Put(LogSlot slot, LogSlot old)
        {
            lock (_lock)
            {
                if (old.Length != 0 && Find(old) is >= 0 and var place)
                {
                    _slots[place] = slot;
                    return true;
                }
                if ((_count + 1) * 5 > _slots.Length * 4)
                    Resize(_slots.Length + Math.Max(Least, _slots.Length / 4));
                Insert(slot);
                _count++;
                return false;
            }
        }

        public bool Remove(LogSlot slot)
        {
            lock (_lock)
            {
                var place = Find(slot);
                if (place < 0)
                    return false;
                RemoveAt(place);
                return true;
            }
        }

        public bool TryGet(LogSlot slot, out LogSlot current)
        {
            lock (_lock)
            {
                var place = Find(slot);
                current = place < 0 ? default : _slots[place];
                return place >= 0;
            }
        }

        public void Sweep(uint now, Action<LogSlot> removed)
        {
            lock (_lock)
            {
                for (var i = _slots.Length - 1; i >= 0; i--)
                {
                    // What slides into this place came from above and was looked at, or wrapped round and is looked at again, here or by the next sweep.
                    while (_slots[i].Length != 0 && _slots[i].KeepUntil < now)
                    {
                        removed(_slots[i]);
                        RemoveAt(i);
                    }
                }
            }
        }

        private int Find(LogSlot slot)
        {
            for (var i = Home(slot.Hash); _slots[i].Length != 0; i = Next(i))
            {
                if (_slots[i].IsAt(slot))
                    return i;
            }
            return -1;
        }

        private void Insert(LogSlot slot)
        {
            var i = Home(slot.Hash);
            while (_slots[i].Length != 0)
                i = Next(i);
            _slots[i] = slot;
        }

        // Closes the gap, so that a search may stop at the first empty slot.
        private void RemoveAt(int gap)
        {
            for (var i = Next(gap); _slots[i].Length != 0; i = Next(i))
            {
                var home = Home(_slots[i].Hash);
                if (gap <= i ? gap < home && home <= i : gap < home || home <= i)
                    continue;
                _slots[gap] = _slots[i];
                gap = i;
            }
            _slots[gap] = default;
            _count--;
        }

        private void Resize(int slots)
        {
            var old = _slots;
            _slots = new LogSlot[slots];
            foreach (var slot in old)
            {
                if (slot.Length != 0)
                    Insert(slot);
            }
        }

        private int Home(ulong hash) => (int)(((hash & uint.MaxValue) * (ulong)_slots.Length) >> 32);

        private int Next(int place) => place + 1 == _slots.Length ? 0 : place + 1;
    }
}
