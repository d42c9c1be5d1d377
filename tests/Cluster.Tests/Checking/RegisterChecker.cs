using System.Collections.Immutable;

namespace OrleansCache.Cluster;

/// <summary>
/// Decides whether the history of one key can be explained by a single versioned register (linearizability, Herlihy and Wing 1990), by
/// just-in-time linearization (Wing and Gong 1993, Lowe 2017): all states that are possible are carried along, and a step must have taken place
/// when it ends.
/// </summary>
/// <remarks>
/// It is exact. All orders are tried but those that cannot matter: a look that fits the state takes place at once, for it changes nothing and
/// only sheds an obligation; changes with known versions take place in the order of these, since versions only grow; changes that nobody
/// saw can stand for others of their kind, as raises can, and replace a value only where a version was seen that no known change has; a state is dropped when
/// another can do all that it can. Versions leave little freedom, so that a history takes time in proportion to its length and to the calls
/// that are open at once.
/// </remarks>
internal sealed class RegisterChecker
{
    private const int MostStates = 20_000;
    private const int MostOpen = 128;
    private readonly Step?[] _open = new Step?[MostOpen];
    private readonly Dictionary<Step, int> _places = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<Step> _numbered;
    private readonly ImmutableArray<long> _unnamed;
    private readonly HashSet<long> _begunIfVersion = [];
    private int _openEnd;
    private Unseen _begun;
    private List<RegisterState> _states = [default];
    private UInt128 _mustHappen;
    private UInt128 _mustChange;        // those of them that change the register and have no known place
    private long _now;

    private RegisterChecker(ImmutableArray<Step> steps)
    {
        _numbered = [.. steps.Where(s => s.IsNumbered).OrderBy(s => s.Version)];
        _unnamed = [.. steps.Where(s => s.Needs == Needs.Version).Select(s => s.Expected).Except(_numbered.Select(s => s.Version)).Order()];
    }

    /// <summary>What is wrong with the operations on one key, by one name if there is one; empty when all is well.</summary>
    /// <param name="operations">On one key, in any order.</param>
    /// <param name="losses">Each may once have taken a value that was there; one whose write began after its end it cannot take.</param>
    public static ImmutableArray<Finding> Check(IEnumerable<Operation> operations, params IEnumerable<Loss> losses)
    {
        var (steps, findings) = KeyHistory.Of(operations);
        if (!findings.IsEmpty || steps.IsEmpty)
            return findings;
        steps = steps.AddRange(losses.Select(l => l.AsStep(steps[0].Operation.Key)));
        return new RegisterChecker(steps).Run(steps) is { } finding ? [finding] : [];
    }

    private Finding? Run(ImmutableArray<Step> steps)
    {
        var events = steps.Select(s => (At: s.Begin, Ends: false, Step: s))
            .Concat(steps.Where(s => s.End != Operation.Never).Select(s => (At: s.End, Ends: true, Step: s)))
            .OrderBy(e => e.At).ThenBy(e => e.Ends);
        foreach (var (at, ends, step) in events)
        {
            _now = at;
            var before = _states;
            if (!ends && !TryOpen(step))
                return new(Fault.Undecided, step.Operation.Key, $"more than {MostOpen} calls were open at {step.Operation}");
            if (ends && !TryClose(step))
                return Diagnosis.Of(step, _numbered, before);
            if (_states.Count > MostStates)
                return new(Fault.Undecided, step.Operation.Key, $"{_states.Count} states are possible at {step.Operation}");
        }
        return null;
    }

    private bool TryOpen(Step step)
    {
        if (step is { IsAnswered: false, Operation: not LossOperation })
        {
            if (step.IsNumbered)
                return true;            // its version says when
            if (step.Needs == Needs.Version)
                _begunIfVersion.Add(step.Expected);
            else
                _begun = _begun.Plus(step);
            return true;
        }
        var place = Array.IndexOf(_open, null);
        if (place < 0)
            return false;
        (_open[place], _places[step], _openEnd) = (step, place, Math.Max(_openEnd, place + 1));
        if (step.IsAnswered)
            _mustHappen |= UInt128.One << place;
        if (step is { IsAnswered: true, IsNumbered: false, Change: not null })
            _mustChange |= UInt128.One << place;
        for (var i = 0; step.Change is null && i < _states.Count; i++)
            _states[i] = Look(_states[i]);
        return true;
    }

    private bool TryClose(Step step)
    {
        var bit = Bit(step);
        var closed = new List<RegisterState>();
        var reached = new List<RegisterState>(_states);
        for (var i = 0; i < reached.Count && reached.Count <= MostStates; i++)
        {
            if ((reached[i].Done & bit) != 0)
            {
                Keep(closed, reached[i]);
                continue;
            }
            foreach (var next in Following(reached[i]))
                Keep(reached, next);
        }
        _open[_places[step]] = null;
        _places.Remove(step);
        _mustHappen &= ~bit;
        _mustChange &= ~bit;
        for (var i = 0; i < closed.Count; i++)
            closed[i] = closed[i] with { Done = closed[i].Done & ~bit };
        _states = closed;
        return _states.Count > 0;
    }

    private void Keep(List<RegisterState> states, in RegisterState state)
    {
        foreach (var known in states)
        {
            if (known.Covers(state, _mustHappen, _mustChange))
                return;
        }
        states.Add(state);
    }

    private IEnumerable<RegisterState> Following(RegisterState state)
    {
        var next = state.Numbered < _numbered.Length ? _numbered[state.Numbered] : null;
        if (next is not null && next.Begin <= _now && Ready(state, next) is { } ready && next.Version > ready.Version)
            yield return Look(ready with { Version = next.Version, IsLoose = false, HasValue = next.Change == true, Numbered = state.Numbered + 1, Done = ready.Done | Bit(next) });

        var room = (next?.Version ?? Operation.Never) - 1 > state.Version;
        for (var place = 0; place < _openEnd; place++)
        {
            if (_open[place] is not { IsNumbered: false, IsRaise: false } step || ((state.Done >> place) & 1) != 0 || Ready(state, step) is not { } able)
                continue;
            if (step.Change is not { } leaves)
                yield return Look(able);
            else if (step.Operation is LossOperation loss)
            {
                if (CanLose(able, loss))
                    yield return Look(able with { HasValue = false, Done = able.Done | (UInt128.One << place) });
            }
            else if (room)
                yield return Look(able.Changed(leaves, able.Used) with { Done = able.Done | (UInt128.One << place) });
        }
        if (Raised(state) is { } raised)
            yield return Look(raised);
        if (!room)
            yield break;
        if (!state.HasValue)
        {
            if (state.Used.Writing(_begun) is { } written)
                yield return Look(state.Changed(true, written));
            yield break;
        }
        if (state.Used.Removing(_begun) is { } removed)
            yield return Look(state.Changed(false, removed));
        if (!UnnamedFollows(state, next))
            yield break;
        if (!state.IsLoose && state.Used.Replacing(_begun) is { } replaced)
            yield return Look(state.Changed(true, replaced));
        foreach (var expected in _begunIfVersion)
        {
            if (Settled(state, expected) is { } settled && expected + 1 < (next?.Version ?? Operation.Never))
                yield return Look(settled.Changed(true, settled.Used));
        }
    }

    /// <summary>Of raises that are open the one that ends first: whatever it can do, the others can do later. One without an answer need not happen at all, and comes last.</summary>
    private RegisterState? Raised(in RegisterState state)
    {
        var first = -1;
        for (var place = 0; place < _openEnd; place++)
        {
            if (_open[place] is { IsRaise: true } step && ((state.Done >> place) & 1) == 0 && (first < 0 || step.End < _open[first]!.End))
                first = place;
        }

        return first >= 0 ? state with { HasValue = false, Done = state.Done | (UInt128.One << first) }
            : state.HasValue && state.Used.Raising(_begun) is { } used ? state with { HasValue = false, Used = used }
            : null;
    }

    /// <summary>A version was seen that only a change which nobody saw can have given, before the next known change.</summary>
    private bool UnnamedFollows(in RegisterState state, Step? next)
    {
        var at = _unnamed.BinarySearch(state.Version + 1);
        at = at < 0 ? ~at : at;
        return at < _unnamed.Length && _unnamed[at] < (next?.Version ?? Operation.Never);
    }

    /// <summary>The state, if it meets what the step needs; with its version settled, if that was free and the step names it.</summary>
    private RegisterState? Ready(in RegisterState state, Step step) =>
        state.Meets(step) ? state : step.Needs == Needs.Version ? Settled(state, step.Expected) : null;

    private RegisterState? Settled(in RegisterState state, long version) =>
        !state.HasValue ? null
        : !state.IsLoose ? state.Version == version ? state : null
        : version >= state.Version && (state.Numbered == _numbered.Length || version < _numbered[state.Numbered].Version) ? state with { Version = version, IsLoose = false }
        : null;

    private bool CanLose(in RegisterState state, LossOperation loss) =>
        state.HasValue && (state.IsLoose || state.Numbered == 0 || _numbered[state.Numbered - 1].Begin <= loss.LastWriteBegin);

    private UInt128 Bit(Step step) => _places.TryGetValue(step, out var place) ? UInt128.One << place : 0;

    /// <summary>Every open look that fits takes place.</summary>
    private RegisterState Look(RegisterState state)
    {
        var done = state.Done;
        for (var place = 0; place < _openEnd; place++)
        {
            if (_open[place] is { Change: null } step && state.Meets(step))
                done |= UInt128.One << place;
        }
        return state with { Done = done };
    }
}
