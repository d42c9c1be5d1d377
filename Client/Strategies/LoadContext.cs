namespace OrleansCache;

/// <summary>What a load says of its own result: how long it lives, its tags, or that it is not to be stored. What is left alone follows the options.</summary>
/// <remarks>For the load's own flow of control; each attempt begins with an empty one.</remarks>
public sealed class LoadContext
{
    private List<string>? _tags;

    internal LoadContext() { }

    /// <summary>The innermost load that this flow of control runs for; null outside of one. Any factory, decorated function or method of an integration may ask.</summary>
    public static LoadContext? Current => LoadScope.Current?.Context;

    /// <summary>Fresh this long; over zero, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan? FreshFor
    {
        get;
        set => field = value is null || value > TimeSpan.Zero || value == Timeout.InfiniteTimeSpan ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"LoadContext.FreshFor is {value}; set it over zero, or set DoNotStore.");
    }

    /// <summary>Served this long past fresh; zero or more.</summary>
    public TimeSpan? StaleFor
    {
        get;
        set => field = value is null || value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"LoadContext.StaleFor is {value}; set it to zero or more.");
    }

    /// <summary>How long a null is remembered as absence; zero or more.</summary>
    public TimeSpan? AbsentFor
    {
        get;
        set => field = value is null || value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"LoadContext.AbsentFor is {value}; set it to zero or more.");
    }

    /// <summary>True gives the result to its callers only. An older value that is there stays.</summary>
    public bool DoNotStore { get; set; }

    /// <summary>There is no such thing, whatever the value's type can say.</summary>
    internal bool IsAbsent { get; set; }

    internal IReadOnlyCollection<string> Tags => _tags ?? (IReadOnlyCollection<string>)[];

    /// <summary>Adds tags to those of the options.</summary>
    public void AddTags(params ReadOnlySpan<string> tags)
    {
        foreach (var tag in tags)
            (_tags ??= []).Add(EntryOptionRules.CheckedTag(tag));
    }

    internal void Clear()
    {
        (FreshFor, StaleFor, AbsentFor, DoNotStore) = (null, null, null, false);
        _tags?.Clear();
    }

    /// <summary>What was said of many results at once is said of this one too.</summary>
    internal void Add(LoadContext all)
    {
        (FreshFor, StaleFor, AbsentFor, DoNotStore) = (all.FreshFor, all.StaleFor, all.AbsentFor, all.DoNotStore);
        AddTags([.. all.Tags]);
    }
}
