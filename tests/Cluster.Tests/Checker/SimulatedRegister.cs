namespace OrleansCache.Cluster;

/// <summary>A register that is right, called by many at once: each call takes place at a random instant between its begin and its end, or after it if its end is unknown.</summary>
internal sealed class SimulatedRegister(int seed)
{
    private readonly Random _random = new(seed);
    private readonly PriorityQueue<(Call Call, bool TakesPlace), (long At, int Order)> _events = new();
    private readonly List<Call> _calls = [];
    private long _version = 10;
    private long _value;
    private long _values;
    private int _order;

    /// <summary>In per cent of changes.</summary>
    public int UnknownEndings { get; init; } = 10;

    public int LongestGap { get; init; } = 3;

    /// <summary>A removal says its version.</summary>
    public bool RemovalsHaveVersions { get; init; } = true;

    /// <summary>The key has a tag that is raised too.</summary>
    public bool HasTag { get; init; }

    public IReadOnlyList<Operation> Run(int workers, int callsEach)
    {
        for (var worker = 0; worker < workers; worker++)
        {
            var begin = _random.NextInt64(20);
            for (var i = 0; i < callsEach; i++)
            {
                var call = new Call(worker, begin, begin + _random.NextInt64(60), _random.NextDouble());
                _calls.Add(call);
                begin = call.End + 1 + _random.NextInt64(20);
                _events.Enqueue((call, false), (call.Begin, _order++));
            }
        }
        while (_events.TryDequeue(out var next, out var when))
        {
            if (next.TakesPlace)
                TakePlace(next.Call);
            else
                Begin(next.Call, when.At);
        }
        return [.. _calls.Select(c => c.Made)];
    }

    private void Begin(Call call, long now)
    {
        call.Made = Draw(call);
        var isUnknown = call.Made.Kind != OperationKind.Read && _random.Next(100) < UnknownEndings;
        if (isUnknown)
        {
            call.Made = call.Made with { Ending = Ending.Unknown, End = call.End };
            if (_random.Next(2) == 0)
                return;
        }
        call.IsUnknown = isUnknown;
        var at = isUnknown ? now + _random.NextInt64(400) : now + (long)(call.Point * (call.End - now));
        _events.Enqueue((call, true), (at, _order++));
    }

    private Operation Draw(Call call)
    {
        var basis = new Operation { Worker = call.Worker, Begin = call.Begin, End = call.End };
        return _random.Next(HasTag ? 11 : 10) switch
        {
            < 5 => basis with { Kind = OperationKind.Read },
            < 7 => basis with { Kind = OperationKind.Write, Value = ++_values },
            < 8 => basis with { Kind = OperationKind.Remove },
            10 => basis with { Kind = OperationKind.Raise },
            _ => (Guard)_random.Next(1, 4) is var guard
                ? basis with { Kind = OperationKind.Write, Value = ++_values, Guard = guard, Expected = guard == Guard.IfVersion ? _version : 0 }
                : basis,
        };
    }

    private void TakePlace(Call call)
    {
        var o = call.Made;
        var holds = o.Guard switch { Guard.IfVersion => _value != 0 && _version == o.Expected, Guard.IfAbsent => _value == 0, Guard.IfPresent => _value != 0, _ => true };
        if (o.Kind == OperationKind.Read)
        {
            call.Made = o with { Ending = Ending.Ok, Value = _value, Version = _value == 0 ? 0 : _version };
        }
        else if (!holds)
        {
            call.Answer(Ending.Refused, _value == 0 ? 0 : _version, false);
        }
        else if (o.Kind == OperationKind.Raise)
        {
            _value = 0;
            call.Answer(Ending.Ok, 0, false);
        }
        else if (o.Kind == OperationKind.Remove)
        {
            var existed = _value != 0;
            _version += existed ? _random.Next(1, LongestGap) : 0;
            _value = 0;
            call.Answer(Ending.Ok, RemovalsHaveVersions ? _version : 0, existed);
        }
        else
        {
            (_value, _version) = (o.Value, _version + _random.Next(1, LongestGap));
            call.Answer(Ending.Ok, _version, false);
        }
    }

    private sealed class Call(int worker, long begin, long end, double point)
    {
        public int Worker => worker;
        public long Begin => begin;
        public long End => end;
        public double Point => point;
        public bool IsUnknown { get; set; }
        public Operation Made { get; set; } = new();

        public void Answer(Ending ending, long version, bool existed)
        {
            if (!IsUnknown)
                Made = Made with { Ending = ending, Version = version, Existed = existed };
        }
    }
}
