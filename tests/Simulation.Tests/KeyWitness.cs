namespace OrleansCache.Simulation.Tests;

/// <summary>What clients know of one key, and what they may therefore see: versions never fall, what was acknowledged is not lost.</summary>
internal sealed class KeyWitness(int key, Durability durability)
{
    private long _floor;
    private long _highest;
    private long _highestRemoval;
    private long _lostAt = -1;
    private int _openRemovals;
    private (ModelSilo Silo, long Epoch)? _server;

    /// <summary>The lowest version that a call which begins now may see.</summary>
    public Promise Begin(long now) => new(now, _floor, _highest);

    public void BeginRemoval() => _openRemovals++;

    public void Found(in Promise promise, long version)
    {
        if (promise.Floor > 0 && _lostAt < 0)
        {
            if (version == 0 ? durability == Durability.Through && _openRemovals == 0 && _highestRemoval < promise.Floor : version < promise.Floor)
                throw new BrokenPromiseException($"k{key} ({durability}): found version {version} after {promise.Floor} had been acknowledged or seen");
        }
        if (version > 0)
            Raise(promise, version);
    }

    /// <param name="promise">What was promised.</param>
    /// <param name="removes">A removal.</param>
    /// <param name="version">The version given.</param>
    /// <param name="knows">The silo had heard of the last loss.</param>
    public void Changed(in Promise promise, bool removes, long version, bool knows)
    {
        if (version <= promise.Highest)
            throw new BrokenPromiseException($"k{key} ({durability}): a change got version {version} after {promise.Highest} had been given");
        _highest = Math.Max(_highest, version);
        if (removes)
            (_highestRemoval, _openRemovals) = (Math.Max(_highestRemoval, version), _openRemovals - 1);
        if (promise.Begun > _lostAt && (knows || durability == Durability.Through))
            _lostAt = -1;
        Raise(promise, version);
    }

    /// <summary>Nothing was there, so nothing changed.</summary>
    public void FoundNothingToRemove(in Promise promise, bool knows)
    {
        _openRemovals--;
        Found(promise, 0);
        if (promise.Begun <= _lostAt || !knows || _lostAt < 0 || durability != Durability.Through)
            return;
        (_lostAt, _floor) = (-1, promise.Highest);
        _highestRemoval = Math.Max(_highestRemoval, promise.Highest);
    }

    /// <summary>
    /// The store lost something: what the key was then is not promised, until it is changed again. Who answers from memory may not have heard of
    /// the loss: then that is not promised either, unless it was written through.
    /// </summary>
    public void Lost(long now) => (_lostAt, _floor) = (now, 0);

    public void Served(ModelSilo silo, long epoch)
    {
        if (_server is { } before && before.Silo != silo && epoch <= before.Epoch)
            throw new BrokenPromiseException($"k{key}: {silo} serves in epoch {epoch} after {before.Silo} did in {before.Epoch}");
        _server = (silo, epoch);
    }

    private void Raise(in Promise promise, long version)
    {
        if (promise.Begun > _lostAt && _lostAt < 0)
            _floor = Math.Max(_floor, version);
    }
}

/// <summary>What is promised to a call.</summary>
/// <param name="Begun">When it began.</param>
/// <param name="Floor">It sees no version below this.</param>
/// <param name="Highest">A change by it gets a higher version than this.</param>
internal readonly record struct Promise(long Begun, long Floor, long Highest);
