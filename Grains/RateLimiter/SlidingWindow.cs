namespace OrleansCache;

/// <summary>The permits granted within one sliding window, oldest first. Permits of one cell of time stand together, as old as the youngest of them.</summary>
/// <remarks>A cell of one microsecond is exact; a larger one frees permits late by at most the cell, never early. Instants are microseconds and never fall.</remarks>
internal sealed class SlidingWindow(long length)
{
    private Run[] _runs = new Run[4];
    private int _head;

    /// <summary>In microseconds: a permit given at t counts until just before t + Length. What it has forgotten stays forgotten.</summary>
    public long Length { get; set; } = length;

    /// <summary>The width of a cell in microseconds, 1 or more. A change counts for permits to come.</summary>
    public long Cell { get; set; } = 1;

    /// <summary>Permits that count now.</summary>
    public long Used { get; private set; }

    /// <summary>Cells that hold a permit.</summary>
    public int Runs { get; private set; }

    /// <summary>The cells, oldest first: the instant of the last permit in it, and how many.</summary>
    public Run this[int index] => _runs[(_head + index) & (_runs.Length - 1)];

    public void Add(long at, long permits = 1)
    {
        Used += permits;
        if (Runs > 0)
        {
            ref var last = ref _runs[(_head + Runs - 1) & (_runs.Length - 1)];
            at = Math.Max(at, last.Latest);
            if (at / Cell == last.Latest / Cell)
            {
                last = new(at, last.Permits + permits);
                return;
            }
        }

        if (Runs == _runs.Length)
            Grow();
        _runs[(_head + Runs++) & (_runs.Length - 1)] = new(at, permits);
    }

    /// <summary>Forgets what no longer counts.</summary>
    public void Expire(long now)
    {
        while (Runs > 0 && _runs[_head].Latest + Length <= now)
        {
            Used -= _runs[_head].Permits;
            _head = (_head + 1) & (_runs.Length - 1);
            Runs--;
        }
    }

    private void Grow()
    {
        var grown = new Run[_runs.Length * 2];
        for (var i = 0; i < Runs; i++)
            grown[i] = this[i];
        (_runs, _head) = (grown, 0);
    }

    /// <summary>Permits of one cell, all counted as given at the latest of their instants.</summary>
    internal readonly record struct Run(long Latest, long Permits);
}
