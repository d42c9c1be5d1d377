using System.Collections.Immutable;

namespace OrleansCache.Simulation.Tests;

/// <summary>The tag log's script in C#, over a server that may lose what it acknowledged.</summary>
internal sealed class ModelTagStore(World world, TagRules rules)
{
    private readonly List<(long At, Log? Before)> _undo = [];
    private Log? _log;
    private int _run = 1;

    /// <summary>Somebody raised, or all have what was raised.</summary>
    public event Action<long, long>? Published;

    public bool IsDown { get; set; }

    /// <summary>The raise is in the log, or in none of the generation that it was in, so that whatever it hit is suspect.</summary>
    public bool Has(in TagPosition raise) => _log is { } log
        && (log.Generation != raise.Generation || raise.Number < log.First || (raise.Number <= log.Head && log[raise.Number].Stamp == raise.Stamp));

    public TagChanges Append(Guid id, TagAppend append)
    {
        var (known, fresh) = (append.Known, world.Random.NextInt64(1, long.MaxValue));
        var log = _log ?? new Log();
        var (head, least) = (log.Head, log.Least);
        if (log.Run != _run && (rules.NoticeRestart || log.Run == 0))
            log = log with { Run = _run, Beginning = fresh, Waits = true };
        var isSame = known.Generation == log.Generation;
        var isLost = _log is null || (rules.NoticeBehind && known.Number > head)
            || (isSame && rules.CompareStamps && known.Number >= log.First && known.Number <= head && log[known.Number].Stamp != known.Stamp);
        if (isLost)
        {
            var begun = Math.Max(head, known.Number);
            log = log with
            {
                Generation = fresh,
                Head = begun,
                First = begun + 1,
                Beginning = fresh,
                Waits = true,
                Raises = [],
                Leases = log.Leases.ToImmutableDictionary(static lease => lease.Key, static lease => lease.Value with { Known = 0 }),
            };
        }
        var number = isLost || !isSame ? 0 : Math.Min(known.Number, log.Head);
        if (append.WaitedOut == log.Beginning)
            log = log with { Waits = false };
        foreach (var gone in append.Gone)
            if (log.Leases.TryGetValue(gone.Id, out var lease) && lease.Counter == gone.Counter)
                log = log with { Leases = log.Leases.Remove(gone.Id) };
        if (append.Tags.Length > 0)
            log = log with { Head = log.Head + 1, Raises = log.Raises.Add((fresh, append.Tags)) };
        var told = rules.TellWhatIsKnown ? number : log.Head;
        log = log with { Counter = log.Counter + 1, Leases = log.Leases.SetItem(id, new(id, log.Counter + 1, told)) };
        _undo.Add((world.Now, _log));
        _log = log;
        if (log.Head > head || isLost || (least < head && log.Least == head))
            Published?.Invoke(log.Generation, log.Head);

        var from = Math.Max(log.First, number + 1);
        var raises = log.Raises.Skip((int)(from - log.First)).Select((raise, i) => new TagRaise(from + i, raise.Tags)).ToArray();
        return new(log.Generation, from > number + 1 ? from - 1 : 0, log.Head, raises)
        {
            Stamp = raises.Length == 0 ? 0 : log.Raises[^1].Stamp,
            Beginning = log.Beginning,
            WaitsOut = log.Waits,
            Others = append.IsShort ? default : [.. log.Leases.Values.Where(lease => lease.Id != id).OrderBy(static lease => lease.Id)],
        };
    }

    public void Leave(Guid id) => _log = _log is { } log ? log with { Leases = log.Leases.Remove(id) } : null;

    public void FailOver(long lost)
    {
        while (_undo is [.., var last] && last.At >= world.Now - lost)
        {
            _log = last.Before;
            _undo.RemoveAt(_undo.Count - 1);
        }
        _undo.Clear();
        _run++;
        world.Tell($"store: starts again without its last {lost / 1000} ms, head {_log?.Head}");
    }

    public void Flush()
    {
        _log = null;
        _undo.Clear();
        world.Tell("store: emptied");
    }

    private sealed record Log
    {
        public long Generation { get; init; }

        public long Head { get; init; }

        public long First { get; init; } = 1;

        public int Run { get; init; }

        public long Beginning { get; init; }

        public bool Waits { get; init; }

        public long Counter { get; init; }

        public ImmutableDictionary<Guid, TagReader> Leases { get; init; } = ImmutableDictionary<Guid, TagReader>.Empty;

        public ImmutableList<(long Stamp, ulong[] Tags)> Raises { get; init; } = [];

        public long Least => Leases.Values.Aggregate(Head, static (least, lease) => Math.Min(least, lease.Known));

        public (long Stamp, ulong[] Tags) this[long number] => Raises[(int)(number - First)];
    }
}
