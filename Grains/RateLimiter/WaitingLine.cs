namespace OrleansCache;

/// <summary>Who waits for a permit, and in what order: foreground first, with a share of the permits for the background.</summary>
/// <remarks>Two lines, each first come, first served. While both wait, every permit earns the background its share of one; a whole one earned is its turn.</remarks>
internal sealed class WaitingLine
{
    /// <summary>How late a waiter may come back, in microseconds, before its place is lost.</summary>
    public const long Grace = 250_000;

    private const long One = 1_000_000;
    private readonly List<Waiter> _foreground = [];
    private readonly List<Waiter> _background = [];
    private long _earned;
    private long _share;

    public int ForegroundCount => _foreground.Count;

    public int BackgroundCount => _background.Count;

    public int Count => _foreground.Count + _background.Count;

    /// <summary>0 to 1.</summary>
    public double BackgroundShare
    {
        set => _share = (long)Math.Round(value * One);
    }

    /// <summary>Drops those who should have been back by now.</summary>
    public void DropLate(long now)
    {
        _foreground.RemoveAll(waiter => waiter.DueAt + Grace < now);
        _background.RemoveAll(waiter => waiter.DueAt + Grace < now);
    }

    /// <summary>How many take their permits before the ticket's holder, who stands at the end if the ticket is new.</summary>
    public int Ahead(Guid ticket, bool background)
    {
        var index = IndexOf(ticket, background);
        var isNew = index < 0;
        if (isNew)
            index = Line(background).Count;
        var foregrounds = _foreground.Count + (isNew && !background ? 1 : 0);
        var backgrounds = _background.Count + (isNew && background ? 1 : 0);

        var (f, b, earned) = (0, 0, _earned);
        while (true)
        {
            var backgroundsTurn = f == foregrounds || (b < backgrounds && (earned += _share) >= One);
            if (backgroundsTurn == background && (background ? b : f) == index)
                return f + b;
            if (!backgroundsTurn)
            {
                f++;
                continue;
            }

            if (f < foregrounds)
                earned -= One;
            b++;
        }
    }

    /// <summary>Keeps the ticket's place, or gives it one at the end.</summary>
    public void Keep(Guid ticket, bool background, long dueAt)
    {
        var line = Line(background);
        var index = IndexOf(ticket, background);
        if (index < 0)
            line.Add(new(ticket, dueAt));
        else
            line[index] = new(ticket, dueAt);
    }

    public bool Contains(Guid ticket, bool background) => IndexOf(ticket, background) >= 0;

    public void Remove(Guid ticket, bool background)
    {
        if (IndexOf(ticket, background) is var index and >= 0)
            Line(background).RemoveAt(index);
    }

    /// <summary>The ticket's holder has its permit and leaves.</summary>
    public void Served(Guid ticket, bool background)
    {
        Remove(ticket, background);
        if (Line(!background).Count > 0)
            _earned = Math.Clamp(_earned + _share - (background ? One : 0), -One, One);
    }

    private List<Waiter> Line(bool background) => background ? _background : _foreground;

    private int IndexOf(Guid ticket, bool background) => Line(background).FindIndex(waiter => waiter.Ticket == ticket);

    private readonly record struct Waiter(Guid Ticket, long DueAt);
}
