namespace OrleansCache.Simulation.Tests;

/// <summary>Some silos, a store, clients and what befalls them: all of it drawn from one seed. Ends in calm, in which everything must be served again.</summary>
internal sealed class Cluster
{
    public const int Keys = 8;
    private const long Second = 1_000_000;
    private const long FaultsFrom = 4 * Second;
    private const long FaultsUntil = 12 * Second;

    /// <summary>After the last fault: the slowest message, then a look, a beginning that is waited out, and leases that are.</summary>
    private const long Calm = 12 * Second;

    private const long LastCalls = FaultsUntil + Calm - (2 * Second);

    private static readonly ulong[] Hashes = [.. Enumerable.Range(0, Keys).Select(static key => RoutingHash.Of($"simulated/{key}"))];
    private static readonly RegionPolicy[] Policies = [.. ((Durability[])[Durability.Through, Durability.Through, Durability.Behind, Durability.None])
        .Select(static durability => new RegionPolicy { Region = "simulated", Durability = durability })];

    private readonly List<ModelSilo> _silos = [];
    private readonly CallWitness _calls = new();
    private PermitReply? _lastPermit;
    private readonly KeyWitness[] _witnesses = [.. Enumerable.Range(0, Keys).Select(static key => new KeyWitness(key, PolicyOf(key).Durability))];
    private double _slowness;
    private double _lossiness;
    private readonly double _misrouted;
    private long _slowUntil;
    private long _highestView;
    private long _viewAtLoss;

    public Cluster(World world, Rules rules)
    {
        (World, Rules) = (world, rules);
        Store = new(world, rules);
        Store.Published += view => _highestView = Math.Max(_highestView, view);
        Store.Lost += () =>
        {
            _viewAtLoss = _highestView;
            foreach (var witness in _witnesses)
                witness.Lost(World.Now);
        };
        _slowness = world.Random.NextDouble() * 0.1;
        _lossiness = world.Chance(0.5) ? 0 : world.Random.NextDouble() * 0.05;
        _misrouted = world.Random.NextDouble() * 0.3;
    }

    public World World { get; }

    public Rules Rules { get; }

    public ModelStore Store { get; }

    public int Answered { get; private set; }

    /// <summary>Calls that the origin got.</summary>
    public int Called => _calls.Count;

    public static ulong HashOf(int key) => Hashes[key];

    public static RegionPolicy PolicyOf(int key) => Policies[key % Policies.Length];

    /// <summary>Plays a whole history.</summary>
    /// <exception cref="BrokenPromiseException">Something happened that must not.</exception>
    public static Cluster Play(int seed, Rules rules, List<string>? trace = null)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);     // what awaits goes on in the event that it waited for
        try
        {
            var cluster = new Cluster(new(seed) { Trace = trace }, rules);
            cluster.Play();
            return cluster;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public void Served(ModelSilo silo, int key, long epoch) => _witnesses[key].Served(silo, epoch);

    /// <summary>No two silos may answer for one key, whether they are awake or not.</summary>
    public void CheckOwners()
    {
        for (var key = 0; key < Keys; key++)
        {
            ModelSilo? owner = null;
            foreach (var silo in _silos)
            {
                if (silo.IsGone || !silo.FenceHolds || !silo.State.Owns(Hashes[key]))
                    continue;
                if (owner is not null)
                    throw new BrokenPromiseException($"k{key}: {owner} in view {owner.State.View.Number} and {silo} in view {silo.State.View.Number} both own it");
                owner = silo;
            }
        }
    }

    /// <summary>One way between a silo and the store.</summary>
    public void Travel(ModelSilo silo, Action arrive, bool isBack, Dice dice)
    {
        if (silo.CutUntil > World.Now)
        {
            // TCP tries again: what was on its way may come when the cut is mended.
            if (dice.Chance(0.5))
                World.In(silo.CutUntil - World.Now + dice.Between(0, 300), arrive);
            return;
        }
        if (dice.Chance(_lossiness))
            return;
        World.In(
            !isBack && World.Now < silo.SlowUntil ? dice.Between(100, 900)
            : dice.Chance(World.Now < _slowUntil ? 0.5 : _slowness) ? dice.Between(10, dice.Chance(0.1) ? 5000 : 900) : dice.Between(0.1, 2),
            () =>
            {
                if (silo.CutUntil <= World.Now)
                    arrive();
                else if (dice.Chance(0.5))
                    World.In(silo.CutUntil - World.Now, arrive);
            });
    }

    private void Play()
    {
        var count = World.Random.Next(2, 5);
        for (var i = 0; i < count; i++)
            Start($"silo-{i}", World.Between(0, World.Chance(0.5) ? 100 : 3000));
        for (var client = 0; client < 4; client++)
            World.In(3 * Second, Call);
        World.In(3 * Second, CallOrigin);
        World.In(LastCalls, CallOrigin);
        World.In(LastCalls + Second, CallOrigin);
        for (var fault = World.Random.Next(1, 7); fault > 0; fault--)
            World.In(FaultsFrom + World.Random.NextInt64(FaultsUntil - FaultsFrom), Befall);
        World.In(0, Tick);
        World.RunUntil(FaultsUntil);

        Mend();
        World.RunUntil(FaultsUntil + Calm);
        CheckAllIsServed();
        // The first that needs the record may find that it changed meanwhile; the limiter that the next finds has read it.
        if (_lastPermit is { Hold: PermitHold.Away })
        {
            World.In(0, CallOrigin);
            World.RunUntil(FaultsUntil + Calm + Second);
        }
        if (_lastPermit is not ({ Status: PermitStatus.Granted } or { Hold: PermitHold.Limit, Status: PermitStatus.Wait or PermitStatus.Refused }))
            throw new BrokenPromiseException($"the limiter does not answer {Calm / Second} s after the last fault: {_lastPermit}");
    }

    private void Tick()
    {
        CheckOwners();
        World.In(Second / 10, Tick);
    }

    private void Start(string name, long after = 0) => World.In(after, () =>
    {
        if (_silos.Any(silo => !silo.IsGone && silo.Name == name))
            return;
        var silo = new ModelSilo(this, name);
        _silos.Add(silo);
        World.Tell($"{silo} starts");
    });

    private void Befall()
    {
        var alive = Alive();
        var silo = alive.Length == 0 ? null : alive[World.Random.Next(alive.Length)];
        switch (World.Random.Next(12))
        {
            case 0 or 1 when silo is not null:
                silo.Kill();
                if (World.Chance(0.7))
                    Start(silo.Name, World.Between(10, 5000));
                break;
            case 2 or 3 when silo is not null:
                silo.Pause(World.Between(50, 8000));
                break;
            case 4 when silo is not null:
                silo.Leave();
                Start(silo.Name, World.Between(500, 6000));
                break;
            case 5:
                Start($"silo-{World.Random.Next(5)}");
                break;
            case 6 when silo is not null:
                silo.CutUntil = World.Now + World.Between(100, 8000);
                World.Tell($"{silo} is cut off until {silo.CutUntil / 1e6:0.000}");
                break;
            case 7:
                Store.IsDown = true;
                World.Tell("store: down");
                World.In(World.Between(50, 5000), () => Store.IsDown = false);
                break;
            case 8:
                Store.IsDown = true;
                Store.FailOver(World.Chance(0.3) ? 0 : World.Between(0, 1500));
                World.In(World.Between(0, 2000), () => Store.IsDown = false);
                break;
            case 9:
                if (World.Chance(0.5))
                    Store.Flush();
                else
                    Store.SetClock(World.Between(-500, 100_000));
                break;
            case 10 when silo is not null:
                // What it asks comes late, so that it knows the time badly; then all is well again and its keys move at once.
                silo.SlowUntil = World.Now + World.Between(800, 2500);
                World.In(silo.SlowUntil - World.Now + World.Between(0, 300), () =>
                {
                    if (World.Now >= FaultsUntil)
                        return;
                    if (World.Chance(0.5))
                        silo.Leave();
                    else
                        Start($"silo-{World.Random.Next(5)}");
                });
                break;
            default:
                _slowUntil = World.Now + World.Between(500, 3000);
                break;
        }
    }

    private void Mend()
    {
        World.Tell("calm");
        Store.IsDown = false;
        (_slowUntil, _slowness, _lossiness) = (0, 0, 0);
        foreach (var silo in Alive())
        {
            (silo.CutUntil, silo.SlowUntil) = (0, 0);
            silo.Pause(0);
        }
        World.In(Second, () =>
        {
            if (Alive().All(static silo => silo.State.IsLeaving))
                Start("silo-9");
        });
    }

    private void CheckAllIsServed()
    {
        for (var key = 0; key < Keys; key++)
            if (Alive().Count(silo => silo.FenceHolds && silo.State.Owns(Hashes[key])) != 1)
                throw new BrokenPromiseException($"k{key} is served by nobody {Calm / Second} s after the last fault");
    }

    private ModelSilo[] Alive() => [.. _silos.Where(static silo => !silo.IsGone)];

    private void Call()
    {
        if (World.Now > FaultsUntil + (Calm / 2))
            return;
        World.In(World.Between(1, 400), Call);
        var key = World.Random.Next(Keys);
        var promise = _witnesses[key].Begin(World.Now);
        switch (World.Random.Next(10))
        {
            case < 5:
                Send(key, entry => entry.Read(version => Answer(() =>
                {
                    if (version is { } found)
                        _witnesses[key].Found(promise, found);
                })));
                break;
            case < 9:
                Change(key, promise, NewOperation(), removes: false, tries: 3);
                break;
            default:
                _witnesses[key].BeginRemoval();
                Change(key, promise, NewOperation(), removes: true, tries: 3);
                break;
        }
    }

    private void Change(int key, Promise promise, Guid operation, bool removes, int tries) => Send(key, entry => entry.Change(operation, removes, version =>
    {
        var knows = entry.Silo.State.View.Beginning > _viewAtLoss;
        Answer(() =>
        {
            if (version is not { } given)
            {
                if (tries > 1 && World.Chance(0.7))
                    World.In(World.Between(10, 500), () => Change(key, promise, operation, removes, tries - 1));
            }
            else if (removes && given <= promise.Highest)
            {
                _witnesses[key].FoundNothingToRemove(promise, knows);
            }
            else
            {
                _witnesses[key].Changed(promise, removes, given, knows);
            }
        });
    }));

    private void Send(int key, Action<ModelEntry> call)
    {
        var alive = Alive();
        if (alive.Length == 0)
            return;
        var target = alive[World.Random.Next(alive.Length)];
        if (!World.Chance(_misrouted) && target.State.Placement.OwnerOf(Hashes[key]) is { } owner)
            target = Array.Find(alive, silo => silo.State.Self.Incarnation == owner.Incarnation) ?? target;
        target.After(World.Between(0.1, 1), () => call(target.Entry(key)));
    }

    private void CallOrigin()
    {
        var (alive, dice) = (Alive(), World.LimiterDice);
        if (alive.Length > 0)
        {
            var request = new PermitRequest { Ticket = dice.Id(), Background = dice.Chance(0.3), WaitMilliseconds = dice.Chance(0.7) ? 2000 : 0 };
            AskPermit(alive[dice.Random.Next(alive.Length)], request, tries: 3);
        }
        if (World.Now < LastCalls)
            World.In(dice.Chance(0.3) ? dice.Between(0, 20) : dice.Between(20, World.Now < FaultsUntil ? 700 : 3000), CallOrigin);
    }

    // As PermitClient does.
    private void AskPermit(ModelSilo caller, PermitRequest request, int tries)
    {
        var (dice, alive, asked) = (World.LimiterDice, Alive(), caller.LocalMicros);
        if (alive.Length == 0)
            return;
        var target = alive[dice.Random.Next(alive.Length)];
        var isMisrouted = World.Now < LastCalls && dice.Chance(_misrouted);
        if (!isMisrouted && caller.State.Placement.OwnerOf(ModelLimiter.Hash) is { } owner)
            target = Array.Find(alive, silo => silo.State.Self.Incarnation == owner.Incarnation) ?? target;
        target.After(TravelTime(), () => target.Limiter.Ask(request, (reply, breaks) => caller.After(TravelTime(), () =>
        {
            if (!isMisrouted || reply is { Status: not PermitStatus.NotOwner })
                _lastPermit = reply;
            if (reply is { Status: PermitStatus.Granted } && caller.LocalMicros - asked < PermitWindows.PermitLife)
            {
                World.Tell($"origin: called by {caller}, permit of {target}");
                _calls.Add(breaks, World.Now);
            }
            else if (tries > 1 && reply is not { Status: PermitStatus.Refused })
                caller.After(((reply?.RetryAfterMilliseconds ?? 0) + 20) * 1000, () => AskPermit(caller, request, tries - 1));
        })));

        long TravelTime() => dice.Chance(0.05) ? dice.Between(1, 60) : dice.Between(0.1, 1);
    }

    private void Answer(Action then)
    {
        Answered++;
        World.In(World.Between(0.1, 1), then);
    }

    private Guid NewOperation() => World.Dice.Id();
}
