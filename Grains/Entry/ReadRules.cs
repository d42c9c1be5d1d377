namespace OrleansCache;

/// <summary>What a read finds, and what follows from it.</summary>
internal static class ReadRules
{
    /// <summary>How many steps a sliding lifetime takes before the store hears of it.</summary>
    private const int SlidingSteps = 8;

    /// <param name="state">The entry.</param>
    /// <param name="now">Cluster time in microseconds.</param>
    /// <param name="tagsGood">False when a tag of the content was raised after its load began.</param>
    public static Freshness Judge(in EntryState state, long now, bool tagsGood) =>
        state.Content is null || !tagsGood || now >= state.StaleUntil ? Freshness.Absent
        : now < state.FreshUntil ? Freshness.Fresh
        : Freshness.Stale;

    /// <summary>The same for a reader who goes by a version: a value of another is stale, to be served if its load fails, where the entry has stale time.</summary>
    public static Freshness Judge(in EntryState state, long now, bool tagsGood, in VersionWanted wanted)
    {
        var freshness = Judge(state, now, tagsGood);
        return freshness == Freshness.Absent || !wanted.IsOther(state.Content!.OriginVersion, state.Content.Value.LastRetrieved) ? freshness
            : state.StaleUntil > state.FreshUntil ? Freshness.Stale
            : Freshness.Absent;
    }

    public static ReadDecision Decide(in EntryState state, Freshness freshness, LoadMode mode, Strategy strategy, long now) => freshness switch
    {
        Freshness.Fresh => ReadDecision.Hit,
        Freshness.Absent => mode == LoadMode.None ? ReadDecision.Miss : ReadDecision.Load,
        _ when mode == LoadMode.None || IsBackingOff(state, now) => ReadDecision.Stale,
        _ when strategy is Strategy.Ttl or Strategy.Versioned => ReadDecision.Load,
        _ when strategy == Strategy.Eager => ReadDecision.Stale,        // it has its turn
        _ => state.Work?.Load is { } load && load.IsAlive(now) ? ReadDecision.Stale : ReadDecision.StaleAndRefresh,
    };

    public static bool IsBackingOff(in EntryState state, long now) => state.Work?.Failure is { } failure && now < failure.NextTry;

    /// <summary>Moves a sliding entry's end ahead of a read. The store hears of it in steps.</summary>
    public static EntryState Slide(in EntryState state, long now)
    {
        var content = state.Content!;
        var freshUntil = EntryLifetimes.Add(now, content.SlidingSpan);
        if (freshUntil <= state.FreshUntil)
            return state;

        var moved = state with
        {
            FreshUntil = freshUntil,
            StaleUntil = state.StaleUntil == EntryLifetimes.Never ? EntryLifetimes.Never : EntryLifetimes.Add(state.StaleUntil, freshUntil - state.FreshUntil),
        };
        return freshUntil - content.SavedFreshUntil < content.SlidingSpan / SlidingSteps
            ? moved
            : moved with { Content = content with { SavedFreshUntil = freshUntil, IsRenewed = true }, Unflushed = true };
    }

    /// <summary>Ends fresh time now, and the pause after a failure: the next get-or-create loads, and until then the value is stale.</summary>
    public static EntryState Expire(in EntryState state, long now)
    {
        var next = state.Work is { Failure: not null } work ? state.With(work with { Failure = null }) : state;
        return next.Content is null || next.FreshUntil <= now
            ? next
            : next with { Content = next.Content with { IsRenewed = true }, FreshUntil = now, Unflushed = true };
    }
}

internal enum Freshness : byte
{
    Absent = 0,
    Fresh = 1,
    Stale = 2,
}

internal enum ReadDecision : byte
{
    Miss = 0,
    Hit = 1,
    Stale = 2,

    /// <summary>Answer with the stale value at once, and have it refreshed.</summary>
    StaleAndRefresh = 3,

    /// <summary>Load, or wait for the load in flight.</summary>
    Load = 4,
}
