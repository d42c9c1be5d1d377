namespace OrleansCache;

/// <summary>A sliding second, minute, hour and day at once. All four are counted always, so that a limit set later knows what went before.</summary>
/// <remarks>Instants are microseconds of one clock that never falls. A permit may be used up to 50 ms after it was given, so windows count that much longer, and the limits' margin.</remarks>
internal sealed class PermitWindows
{
    /// <summary>How long a permit is good, in microseconds.</summary>
    public const long PermitLife = Permit.LifeMicroseconds;

    /// <summary>Up to this limit a window is exact; above it, permits are counted by thousandths of the window.</summary>
    public const long ExactUpTo = 10_000;

    private const int Cells = 1_000;
    private const int CellsUnlimited = 100;
    private readonly SlidingWindow[] _windows = [.. Lengths.Select(length => new SlidingWindow(length + PermitLife))];
    private long[] _limits = default(RateLimits).ByWindow();

    public PermitWindows() => Apply(default);

    /// <summary>Second, minute, hour and day in microseconds.</summary>
    public static IReadOnlyList<long> Lengths { get; } = [1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000];

    /// <summary>The windows, shortest first.</summary>
    public IReadOnlyList<SlidingWindow> All => _windows;

    /// <summary>Goes by other limits from now on; what was granted stays counted.</summary>
    public void Apply(RateLimits limits)
    {
        _limits = limits.ByWindow();
        for (var i = 0; i < _windows.Length; i++)
        {
            _windows[i].Length = Lengths[i] + PermitLife + (limits.Margin.Ticks / TimeSpan.TicksPerMicrosecond);
            _windows[i].Cell = _limits[i] switch
            {
                <= ExactUpTo => 1,
                long.MaxValue => Lengths[i] / CellsUnlimited,
                _ => Lengths[i] / Cells,
            };
        }
    }

    /// <summary>Permits that all windows have left now.</summary>
    public long Free(long now)
    {
        var free = long.MaxValue;
        for (var i = 0; i < _windows.Length; i++)
        {
            _windows[i].Expire(now);
            if (_limits[i] < long.MaxValue)
                free = Math.Min(free, _limits[i] - _windows[i].Used);
        }

        return free;
    }

    /// <summary>Counts permits as given now.</summary>
    public void Add(long now, long permits = 1)
    {
        foreach (var window in _windows)
            window.Add(now, permits);
    }

    /// <summary>Counts every limit as used up now: for a past that nobody knows.</summary>
    public void Exhaust(long now)
    {
        for (var i = 0; i < _windows.Length; i++)
        {
            if (_limits[i] < long.MaxValue)
                _windows[i].Add(now, _limits[i]);
        }
    }

    /// <summary>The first instant, not before <paramref name="from"/>, at which a permit is free for one who lets <paramref name="ahead"/> others take theirs first.</summary>
    public long FreeAt(int ahead, long from)
    {
        if (Free(from) > ahead)
            return from;

        var given = new long[ahead + 1];
        Span<Cursor> cursors = stackalloc Cursor[Lengths.Count];
        for (var n = 0; n <= ahead; n++)
        {
            given[n] = n == 0 ? from : given[n - 1];
            for (var i = 0; i < _windows.Length; i++)
            {
                if (_limits[i] < long.MaxValue)
                    given[n] = Math.Max(given[n], LetsThrough(_windows[i], _limits[i], given, n, ref cursors[i]));
            }
        }

        return given[ahead];
    }

    public string Describe(long now)
    {
        Free(now);
        string[] names = ["second", "minute", "hour", "day"];
        return string.Join(", ", Enumerable.Range(0, names.Length)
            .Where(i => _limits[i] < long.MaxValue)
            .Select(i => FormattableString.Invariant($"{_windows[i].Used} of {_limits[i]} a {names[i]}")));
    }

    /// <summary>When a window lets the n-th planned grant through: once enough of what was given, or of the grants planned before it, has lapsed.</summary>
    private static long LetsThrough(SlidingWindow window, long limit, long[] given, int n, ref Cursor cursor)
    {
        var lapsing = window.Used + n - limit;
        if (lapsing < 0)
            return 0;
        if (lapsing >= window.Used)
            return given[lapsing - window.Used] + window.Length;
        while (cursor.Permits <= lapsing)
            cursor.Permits += window[cursor.Runs++].Permits;
        return window[cursor.Runs - 1].Latest + window.Length;
    }

    /// <summary>How far into a window's past the plan has come.</summary>
    private struct Cursor
    {
        public int Runs;
        public long Permits;
    }
}
