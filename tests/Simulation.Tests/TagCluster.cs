namespace OrleansCache.Simulation.Tests;

/// <summary>Silos that raise tags and read by them, and what befalls them: all of it drawn from one seed. Ends in calm.</summary>
internal sealed class TagCluster
{
    private const long Second = 1_000_000;
    private const long FaultsUntil = 12 * Second;
    private const long Calm = 10 * Second;
    private static readonly ulong[] Tags = [.. Enumerable.Range(0, 4).Select(static tag => TagHash.Of($"t{tag}"))];

    private readonly List<ModelTagSilo> _silos = [];
    private readonly List<(int Tag, TagPosition Born, long LoadedAt)> _entries = [];
    private readonly List<(int Tag, TagPosition Raise, long AskedAt)> _acknowledged = [];
    private double _lossiness;
    private double _slowness;

    private TagCluster(World world, TagRules rules)
    {
        (World, Rules, Store) = (world, rules, new(world, rules));
        (_lossiness, _slowness) = (world.Chance(0.5) ? 0 : world.Random.NextDouble() * 0.05, world.Random.NextDouble() * 0.1);
    }

    public World World { get; }

    public TagRules Rules { get; }

    public ModelTagStore Store { get; }

    public bool LosesHints { get; private init; } = true;

    public TagTraffic Traffic { get; private set; } = new();

    /// <summary>Raises that were acknowledged.</summary>
    public int Raised { get; private set; }

    /// <exception cref="BrokenPromiseException">Something happened that must not.</exception>
    public static TagCluster Play(int seed, TagRules rules, List<string>? trace = null)
    {
        var cluster = new TagCluster(new(seed) { Trace = trace }, rules);
        cluster.Play();
        return cluster;
    }

    /// <summary>One raise among silos that have known each other for a while, and nothing goes wrong.</summary>
    /// <returns>What it cost until all have told that they know, and how long it took to be acknowledged, in microseconds.</returns>
    public static (TagTraffic Traffic, long Took) RaiseOne(int silos)
    {
        var cluster = new TagCluster(new(silos), TagRules.All) { LosesHints = false, _lossiness = 0, _slowness = 0 };
        for (var i = 0; i < silos; i++)
            cluster.World.In(cluster.World.Between(0, 500), cluster.Start);
        cluster.World.RunUntil(10 * Second);

        (cluster.Traffic, var acknowledged) = (new(), 0L);
        cluster._silos[0].Raise(Tags[0], _ => acknowledged = cluster.World.Now);
        while (acknowledged == 0)
            cluster.World.RunUntil(cluster.World.Now + 100);
        return (cluster.Traffic, acknowledged - (10 * Second));
    }

    /// <summary>One way between a silo and the store.</summary>
    public void Travel(ModelTagSilo silo, Action arrive)
    {
        if (silo.CutUntil > World.Now)
        {
            if (World.Chance(0.5))
                World.In(silo.CutUntil - World.Now + World.Between(0, 300), arrive);
            return;
        }
        if (!World.Chance(_lossiness))
            World.In(World.Chance(_slowness) ? World.Between(10, World.Chance(0.1) ? 5000 : 900) : World.Between(0.1, 2), arrive);
    }

    private void Play()
    {
        for (var count = World.Random.Next(2, 5); count > 0; count--)
            World.In(World.Between(0, 500), Start);
        World.In(Second, Act);
        for (var fault = World.Random.Next(1, 6); fault > 0; fault--)
            World.In((2 * Second) + World.Random.NextInt64(FaultsUntil - (2 * Second)), Befall);
        World.RunUntil(FaultsUntil);

        (Store.IsDown, _lossiness, _slowness) = (false, 0, 0);
        World.Tell("calm");
        foreach (var silo in Alive())
        {
            silo.CutUntil = 0;
            silo.Pause(0);
        }
        var before = Raised;
        World.RunUntil(FaultsUntil + Calm);
        if (Raised == before)
            throw new BrokenPromiseException($"no raise was acknowledged in {Calm / Second} s of calm");
        foreach (var silo in Alive())
            if (!silo.IsProven || !silo.IsGood(TagHash.Of("never raised"), silo.Known))
                throw new BrokenPromiseException($"{silo} serves nothing {Calm / Second} s after the last fault");
    }

    private void Start() => _silos.Add(new(this));

    private void Act()
    {
        World.In(World.Between(1, 150), Act);
        var awake = _silos.Where(static silo => silo.IsAwake).ToArray();
        if (awake.Length == 0)
            return;
        var (silo, tag, now) = (awake[World.Random.Next(awake.Length)], World.Random.Next(Tags.Length), World.Now);
        switch (World.Random.Next(10))
        {
            case 0 or 1:
                World.Tell($"{silo} raises t{tag}");
                silo.Raise(Tags[tag], raise =>
                {
                    World.Tell($"{silo} acknowledges raise {raise.Number}");
                    Raised++;
                    _acknowledged.Add((tag, raise, now));
                });
                break;
            case 2 or 3 when silo.Known.Generation != 0:
                _entries.Add((tag, silo.Known, now));
                if (_entries.Count > 30)
                    _entries.RemoveAt(0);
                break;
            default:
                if (silo.IsProven)
                    Read(silo);
                break;
        }
    }

    private void Read(ModelTagSilo silo)
    {
        foreach (var (tag, born, loadedAt) in _entries)
            if (silo.IsGood(Tags[tag], born))
                foreach (var raise in _acknowledged)
                    if (raise.Tag == tag && loadedAt < raise.AskedAt && IsRemembered(raise.Raise) && IsRemembered(born))
                        throw new BrokenPromiseException($"{silo} serves what was loaded at {loadedAt / 1e6:0.000} with number {born.Number} after raise {raise.Raise.Number}, asked for at {raise.AskedAt / 1e6:0.000}, was acknowledged");
    }

    private void Befall()
    {
        var alive = Alive();
        var silo = alive.Length == 0 ? null : alive[World.Random.Next(alive.Length)];
        switch (World.Random.Next(8))
        {
            case 0 when silo is not null:
                silo.Kill(leaves: World.Chance(0.5));
                World.In(World.Between(10, 3000), Start);
                break;
            case 1 or 2 when silo is not null:
                silo.Pause(World.Between(50, 8000));
                break;
            case 3 when silo is not null:
                silo.CutUntil = World.Now + World.Between(100, 8000);
                World.Tell($"{silo} is cut off until {silo.CutUntil / 1e6:0.000}");
                break;
            case 4:
                Store.IsDown = true;
                World.In(World.Between(50, 3000), () => Store.IsDown = false);
                break;
            case 5:
                Store.FailOver(World.Chance(0.3) ? 0 : World.Between(0, 1500));
                break;
            case 6 when World.Chance(0.5):
                Store.Flush();
                break;
            default:
                Start();
                break;
        }
    }

    // What neither the log knows nor a silo whose lease holds was lost with the store.
    private bool IsRemembered(TagPosition position) =>
        position.Stamp == 0 || Store.Has(position) || _silos.Any(silo => !silo.IsGone && silo.IsProven && silo.Stamps.Contains(position.Stamp));

    private ModelTagSilo[] Alive() => [.. _silos.Where(static silo => !silo.IsGone)];
}
