using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>How calls go through the cache: lifetimes, limiter, retries, and rules for results. Made once, and given to as many functions as shall follow it.</summary>
/// <remarks>
/// On a miss: permit, then retry around the call, then the store. Past fresh time a <see cref="Strategy.Background"/> reader has the old value at
/// once and the same runs behind it; a refresh that fails or gets no permit keeps the old value and is no error to anybody. Limiter and retry
/// are each on or off by themselves: every attempt takes a permit where <see cref="EntryOptions.Limiter"/> names an integration. For a
/// decorated call the tags may name arguments in braces: <c>patient:{id}</c>. A null from the call is absence, kept for
/// <see cref="EntryOptions.AbsentFor"/>, or as long as any other value where that is not set. Writes take the lifetimes alone.
/// </remarks>
public sealed record CacheStrategy : EntryOptions
{
    private readonly PlanCache _plans;
    private readonly VersionCall _call;

    /// <summary>Makes a strategy that leaves everything to the region.</summary>
    public CacheStrategy() => _plans = new();

    // A copy is compiled anew: it may differ in anything.
    private CacheStrategy(CacheStrategy original)
        : base(original)
    {
        (Retry, Timeout, AttemptTimeout, Rules, _plans) = (original.Retry, original.Timeout, original.AttemptTimeout, original.Rules, new());
        (Version, DefaultVersion, OnVersionFailure, SessionVersions) = (original.Version, original.DefaultVersion, original.OnVersionFailure, original.SessionVersions);
    }

    private CacheStrategy(CacheStrategy original, IReadOnlyCollection<string> tags, VersionCall call)
        : this(original) => (Tags, _call, _plans) = (tags, call, original._plans);

    /// <summary>Attempts after a failed one; null does not retry.</summary>
    public CallRetryOptions? Retry { get; init; }

    /// <summary>
    /// The whole call with its retries and waits, 10 ms to a day; no limit when null. A failure that came before the time was over is thrown as
    /// it came. The time is over by the call's token: a call that does not heed it is waited for.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>One attempt, 10 ms to a day and at most <see cref="Timeout"/>; no limit when null. It too ends by the call's token.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>
    /// With <see cref="Strategy.Versioned"/>: says which version the origin has now, cheaply; null for no history. It takes no permit and is not
    /// retried, and has <see cref="AttemptTimeout"/>. Who reads a key at the same time shares one question. Its token ends with the process.
    /// </summary>
    public Func<VersionCall, CancellationToken, ValueTask<string?>>? Version { get; init; }

    /// <summary>The version where there is no history; <c>-1</c> when null.</summary>
    public string? DefaultVersion { get; init; }

    /// <summary>What a read does when <see cref="Version"/> throws; it fails as that did when null.</summary>
    public OnVersionFailure? OnVersionFailure { get; init; }

    /// <summary>How many argument sets a session remembers the versions of, for each region and so each method; 1 or more, 1,000 when null. What was read longest ago goes first.</summary>
    public int? SessionVersions { get; init; }

    internal ImmutableArray<ResultRule> Rules { get; private init; } = [];

    /// <summary>A reader past <paramref name="freshFor"/> waits for the load.</summary>
    /// <param name="freshFor">Over zero.</param>
    public static CacheStrategy Ttl(TimeSpan freshFor) => new() { Strategy = OrleansCache.Strategy.Ttl, FreshFor = freshFor };

    /// <summary>A reader past <paramref name="freshFor"/> has the old value at once, and it is refreshed behind the answer.</summary>
    /// <param name="freshFor">Over zero.</param>
    /// <param name="staleFor">How long past that the old value may be served; over zero.</param>
    public static CacheStrategy Background(TimeSpan freshFor, TimeSpan staleFor) =>
        new() { Strategy = OrleansCache.Strategy.Background, FreshFor = freshFor, StaleFor = staleFor };

    /// <summary>The origin's version is asked for before a cached value is served: the same one serves it, another one loads.</summary>
    /// <param name="version">As <see cref="Version"/>.</param>
    /// <param name="maxAge">A ceiling on the value's lifetime, from when it was stored; over zero. No end when null.</param>
    public static CacheStrategy Versioned(Func<VersionCall, CancellationToken, ValueTask<string?>> version, TimeSpan? maxAge = null)
    {
        ArgumentNullException.ThrowIfNull(version);
        return new() { Strategy = OrleansCache.Strategy.Versioned, Version = version, FreshFor = maxAge };
    }

    /// <summary>Results that the rule refuses go to their callers and are not stored. Asked after the filters, and not for null.</summary>
    /// <typeparam name="T">The rule is for calls that return this, or a class derived from it. So are the other rules.</typeparam>
    public CacheStrategy ShouldCache<T>(Func<T, bool> rule) => With(RuleKind.ShouldCache, rule);

    /// <summary>Changes a result before it is stored; what is stored is what every caller gets. Not for null.</summary>
    /// <exception cref="InvalidOperationException">From the call: it returns a derived class, and the filter gave none of that.</exception>
    public CacheStrategy Filter<T>(Func<T, T> filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return this with { Rules = [.. Rules, new(RuleKind.Filter, filter) { Filter = new ResultFilter<T>(filter) }] };
    }

    /// <summary>A cached value that the rule refuses counts as a miss and is loaded anew, once; a loaded one is not stored. Not for null.</summary>
    public CacheStrategy Validate<T>(Func<T, bool> rule) => With(RuleKind.Validate, rule);

    /// <summary>Lets a result say how long it lives, its tags, or that it is not to be stored. Not for null.</summary>
    public CacheStrategy Adapt<T>(Action<T, LoadContext> adapt) => With(RuleKind.Adapt, adapt);

    internal CallPlan<T> PlanOf<T>(CallPlanParts parts) => _plans.Of<T>(this, parts);

    /// <summary>For one call.</summary>
    internal CacheStrategy For(IReadOnlyCollection<string> tags, VersionCall call = default) => new(this, tags, call);

    internal VersionCall CallOf(CacheKey key) => _call.IsOf(key);

    /// <summary>What a narrower place sets goes before what this says; rules of both hold.</summary>
    internal CacheStrategy With(CacheStrategy? narrower) => narrower is null ? this : this with
    {
        Strategy = narrower.Strategy ?? Strategy,
        FreshFor = narrower.FreshFor ?? FreshFor,
        StaleFor = narrower.StaleFor ?? StaleFor,
        AbsentFor = narrower.AbsentFor ?? AbsentFor,
        Sliding = narrower.Sliding ?? Sliding,
        Jitter = narrower.Jitter ?? Jitter,
        Tags = narrower.Tags.Count > 0 ? narrower.Tags : Tags,
        Limiter = narrower.Limiter ?? Limiter,
        Retry = narrower.Retry ?? Retry,
        Timeout = narrower.Timeout ?? Timeout,
        AttemptTimeout = narrower.AttemptTimeout ?? AttemptTimeout,
        Version = narrower.Version ?? Version,
        DefaultVersion = narrower.DefaultVersion ?? DefaultVersion,
        OnVersionFailure = narrower.OnVersionFailure ?? OnVersionFailure,
        SessionVersions = narrower.SessionVersions ?? SessionVersions,
        Rules = [.. Rules, .. narrower.Rules],
    };

    private CacheStrategy With(RuleKind kind, Delegate rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return this with { Rules = [.. Rules, new(kind, rule)] };
    }
}

internal readonly record struct ResultRule(RuleKind Kind, Delegate Rule)
{
    /// <summary>For <see cref="RuleKind.Filter"/>, which unlike the others gives what it takes, and so is no filter of a derived class by itself.</summary>
    public ResultFilter? Filter { get; init; }
}

internal enum RuleKind
{
    ShouldCache,
    Filter,
    Validate,
    Adapt,
}
