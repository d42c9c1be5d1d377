using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>The client in bytes and with all that the owner said, for the HTTP gateway and beneath the typed client.</summary>
/// <remarks>
/// Replies are final: <see cref="ReadStatus.Miss"/>, <see cref="ReadStatus.Hit"/>, <see cref="ReadStatus.Stale"/>,
/// <see cref="ReadStatus.Loaded"/>, <see cref="ReadStatus.Joined"/> or <see cref="ReadStatus.Failed"/> with its problem. Callers of one key
/// in this process share one grain call; all but the first of a load see <see cref="ReadStatus.Joined"/>. Values are shared: never change
/// their bytes. Every method throws <see cref="CacheUnavailableException"/> when no owner answers within the call timeout.
/// </remarks>
internal interface IRawCache
{
    /// <summary>Reads what is there. Never loads.</summary>
    ValueTask<ReadReply> GetAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>Calls an integration's method. A wrong call is a <see cref="ReadStatus.Failed"/> with <see cref="ProblemKind.BadCall"/>
    /// and the detail <c>unknown-integration</c>, <c>unknown-method</c>, <c>missing-argument</c> or <c>surplus-argument</c>.</summary>
    ValueTask<ReadReply> CallAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CallerToken? caller = null, CancellationToken ct = default);

    /// <summary>Calls a method for many keys, with one call of the integration for all that is missing where it offers that. A reply for each, in their order.</summary>
    ValueTask<KeyResult<ReadReply>[]> CallManyAsync(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CallerToken? caller = null, CancellationToken ct = default);

    /// <summary>The key that a call's entry lives under; a problem of kind <see cref="ProblemKind.BadCall"/> when it is a wrong call.</summary>
    ValueTask<CallTarget> TargetAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct = default);

    /// <summary>Writes. The bytes are the cache's from now on: do not change them.</summary>
    /// <exception cref="ArgumentException">An option is out of range, or the value is larger than an entry may be.</exception>
    ValueTask<WriteReply> SetAsync(CacheKey key, RawValue value, EntryOptions? options = null, WriteCondition when = default, CancellationToken ct = default);

    /// <summary>Removes; <see cref="WriteReply.Existed"/> says whether something was there.</summary>
    ValueTask<WriteReply> RemoveAsync(CacheKey key, WriteCondition when = default, CancellationToken ct = default);

    /// <summary>Loads an integration's key again now; marks any other for its next get-or-create.</summary>
    ValueTask<ReadReply> RefreshAsync(CacheKey key, CallerToken? caller = null, CancellationToken ct = default);

    /// <summary>Says what the owner knows. Never loads.</summary>
    ValueTask<EntryExplanation> ExplainAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>Says what changed between the key's last two values, where they are kept.</summary>
    ValueTask<ValueDifference> DifferenceAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>Asks the limiter of an integration how it stands.</summary>
    ValueTask<RateLimiterDescription> DescribeLimiterAsync(string integration, CancellationToken ct = default);

    /// <summary>Invalidates every entry with one of the tags.</summary>
    ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken ct = default);

    /// <summary>The same, once for all who ask for a tag in quick succession.</summary>
    ValueTask RemoveByTagAsync(IEnumerable<string> tags, Debounce debounce, CancellationToken ct = default);
}

/// <summary>Bytes with their type.</summary>
internal readonly record struct RawValue(byte[] Bytes, string? ContentType = null, string? Encoding = null);

/// <summary>Where a call's entry lives, or why there is no such call.</summary>
internal readonly record struct CallTarget(CacheKey Key, LoadProblem? Problem)
{
    /// <summary>The bound arguments, sorted by name; default with a problem.</summary>
    public ImmutableArray<CallArgument> Arguments { get; init; }

    /// <summary>True when the version of its value is asked for.</summary>
    public bool IsVersioned { get; init; }

    /// <summary>The session that the call belongs to, where that matters.</summary>
    public string? Session { get; init; }

    /// <summary>As a call of the session of this flow of control.</summary>
    public CallTarget InSession() => IsVersioned ? this with { Session = CacheSession.Current?.Id } : this;
}

/// <summary>What a write by an integration's method is about, or why there is no such call.</summary>
internal readonly record struct WriteTarget
{
    public LoadProblem? Problem { get; init; }

    /// <summary>The bound arguments, sorted by name; default with a problem.</summary>
    public ImmutableArray<CallArgument> Arguments { get; init; }

    /// <summary>The entry that it stands for; null for none.</summary>
    public CacheKey? Entry { get; init; }

    /// <summary>Tags to raise.</summary>
    public ImmutableArray<string> Invalidates { get; init; }
}
