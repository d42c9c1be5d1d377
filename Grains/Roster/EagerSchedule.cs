namespace OrleansCache;

/// <summary>Whose turn is when, the longest overdue first. Not thread-safe; instants are of any clock that never goes back.</summary>
internal sealed class EagerSchedule
{
    private const long HasItsTurn = long.MinValue;
    private readonly PriorityQueue<string, long> _line = new();
    private readonly Dictionary<string, long> _due = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _after = new(StringComparer.Ordinal);     // asked for during a turn

    public IEnumerable<string> Keys => _due.Keys;

    /// <summary>When the next turn is; null when nobody waits for one.</summary>
    public long? Next
    {
        get
        {
            while (_line.TryPeek(out var key, out var due))
            {
                if (_due.TryGetValue(key, out var current) && current == due)
                    return due;
                _line.Dequeue();        // it was given another turn, or none
            }

            return null;
        }
    }

    /// <summary>Gives a key a turn, or an earlier one; to one that has its turn right now if that is its last. True for a new key.</summary>
    public bool Plan(string key, long due)
    {
        var isNew = !_due.TryGetValue(key, out var before);
        if (!isNew && before == HasItsTurn)
            _after[key] = Math.Min(due, _after.GetValueOrDefault(key, long.MaxValue));
        else if (isNew || due < before)
            Put(key, due);
        return isNew;
    }

    /// <summary>The key whose turn it is; it has it until <see cref="End"/> or <see cref="Forget"/>.</summary>
    public string? Take(long now)
    {
        if (Next is not { } due || due > now)
            return null;
        var key = _line.Dequeue();
        _due[key] = HasItsTurn;
        return key;
    }

    public void End(string key, long nextDue)
    {
        _after.Remove(key);
        Put(key, nextDue);
    }

    /// <summary>That was the key's last turn. False when it was given another meanwhile.</summary>
    public bool Forget(string key)
    {
        if (!_after.Remove(key, out var due))
            return _due.Remove(key);
        Put(key, due);
        return false;
    }

    private void Put(string key, long due)
    {
        _due[key] = due;
        _line.Enqueue(key, due);
    }
}
