namespace OrleansCache;

/// <summary>What <c>HybridCache</c> cannot say: results with outcome and version, conditional writes, integration calls, refresh, explain.</summary>
/// <remarks>
/// Every key has one owner in the cluster. A token ends the caller's wait only: a load that others share goes on.
/// An unreachable owner throws <see cref="CacheUnavailableException"/> once the token or the configured call timeout ends.
/// </remarks>
public interface IOrleansCache
{
    /// <summary>The key that a call's value lives under: of this service, the integration's method, and the arguments by name.</summary>
    /// <exception cref="ArgumentException">As for <see cref="CacheKey.For(string, ReadOnlySpan{ValueTuple{string, object}})"/>.</exception>
    CacheKey KeyOf(string integration, string method, params ReadOnlySpan<(string Name, object? Value)> arguments);

    /// <summary>The same for a call whose caller makes its key.</summary>
    CacheKey KeyOf(string integration, string method, string key);

    /// <summary>Reads what is there. Never loads.</summary>
    ValueTask<CacheResult<T>> GetAsync<T>(CacheKey key, CancellationToken ct = default);

    /// <summary>Reads, or makes the value with the factory: once per key in the whole cluster, whoever else asks meanwhile.</summary>
    /// <exception cref="Exception">What the factory threw, when there is no stale value to serve instead.</exception>
    ValueTask<CacheResult<T>> GetOrCreateAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> factory, EntryOptions? options = null, CancellationToken ct = default);

    /// <inheritdoc cref="GetOrCreateAsync{T}(CacheKey, Func{CancellationToken, ValueTask{T}}, EntryOptions?, CancellationToken)"/>
    /// <remarks>The state is handed to the factory, so that a static lambda needs no closure.</remarks>
    ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(CacheKey key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryOptions? options = null, CancellationToken ct = default);

    /// <summary>Reads many keys, a bounded number at a time. Never loads.</summary>
    /// <returns>A result for each key, in the order they were named; one that is named twice is read once.</returns>
    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> GetManyAsync<T>(IEnumerable<CacheKey> keys, CancellationToken ct = default);

    /// <summary>
    /// Reads many keys, and makes those that are missing with one call of the factory. Each key is loaded once in the whole cluster: one that
    /// somebody else loads is waited for and not loaded again.
    /// </summary>
    /// <param name="keys">What is wanted.</param>
    /// <param name="factory">
    /// Given the keys that are missing, makes their values; one that it leaves out is remembered as absent. When some keys are late to answer, or
    /// others that were being loaded elsewhere fall to this caller, it runs again for those.
    /// </param>
    /// <param name="options">Of every value. A limiter gives one permit for one call of the factory, and retries call it again for the same keys.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <returns>A result for each key, in the order they were named. What the factory threw is the result of each key that it was called for.</returns>
    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> GetOrCreateManyAsync<T>(
        IEnumerable<CacheKey> keys, Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> factory, EntryOptions? options = null, CancellationToken ct = default);

    /// <summary>Calls an integration's method that the silo is configured with, through the key of its arguments.</summary>
    /// <exception cref="ArgumentException">No such integration or method, or an argument is missing or surplus.</exception>
    /// <exception cref="IntegrationException">The origin failed or refused and no stale value could be served.</exception>
    ValueTask<CacheResult<T>> CallAsync<T>(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct = default);

    /// <summary>
    /// Calls a method for many keys; where the method offers that (<c>Many</c> in its configuration), what is missing is loaded by one call of the
    /// integration, with one permit. Each key is loaded once in the cluster all the same.
    /// </summary>
    /// <returns>A result for each of the arguments, in their order. A wrong call, or a failure of the origin, is the error of its own.</returns>
    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> CallManyAsync<T>(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CancellationToken ct = default);

    /// <summary>Writes a value; acknowledged as the region's durability says. It wins over every load that began before it.</summary>
    ValueTask<WriteResult> SetAsync<T>(CacheKey key, T value, EntryOptions? options = null, WriteCondition when = default, CancellationToken ct = default);

    /// <summary>Writes many values, a bounded number at a time; each is acknowledged by itself, and one that fails leaves the others written.</summary>
    /// <returns>A result for each key, in the dictionary's order.</returns>
    ValueTask<IReadOnlyList<KeyResult<WriteResult>>> SetManyAsync<T>(IReadOnlyDictionary<CacheKey, T> values, EntryOptions? options = null, CancellationToken ct = default);

    /// <summary>
    /// Writes through: to the origin first, in the key's turn, and only when that succeeded to the cache. Until then readers have the old value,
    /// after the acknowledgement nobody has; a load or another such write never comes in between.
    /// </summary>
    /// <param name="key">What is written.</param>
    /// <param name="write">Writes to the origin, and gives what the key holds from then on.</param>
    /// <param name="options">Lifetime and tags of the new value.</param>
    /// <param name="ct">Ends the wait for the turn, and is given to <paramref name="write"/>.</param>
    /// <returns>The new version; 0 when the origin has the write and the cache has no value, because something else changed the key meanwhile.</returns>
    /// <exception cref="Exception">
    /// What <paramref name="write"/> threw. The old value stands, unless the origin may have done it all the same (a timeout, a cancellation, a
    /// broken connection, a status of 500 and above, an error of a database): then there is none, and the next read loads.
    /// </exception>
    /// <exception cref="CacheUnavailableException">Nobody could give the turn, or too many wait for it, and the origin was not asked; or, without
    /// <see cref="CacheUnavailableException.RetryAfter"/>, the origin has the write and the owner could not be told.</exception>
    ValueTask<WriteResult> WriteThroughAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> write, EntryOptions? options = null, CancellationToken ct = default);

    /// <summary>
    /// Writes by an integration's method that the silos declare as a writer: to its origin, in the turn of the entry that it stands for, and then
    /// to that entry, as <see cref="WriteThroughAsync"/> does. Then the tags are raised that the method invalidates.
    /// </summary>
    /// <typeparam name="TBody">The type of <paramref name="body"/>, sent as values of it are stored: JSON, or text and bytes as they are.</typeparam>
    /// <typeparam name="T">What the origin answers.</typeparam>
    /// <param name="integration">The integration's name.</param>
    /// <param name="method">The method's name.</param>
    /// <param name="args">The arguments by name.</param>
    /// <param name="body">What is sent; null sends none.</param>
    /// <param name="ct">Ends the caller's wait; a call that has begun goes on to its end.</param>
    /// <exception cref="ArgumentException">No such integration or method, one that reads, or an argument is missing or surplus.</exception>
    /// <exception cref="IntegrationException">The origin refused, or failed. Nothing was changed, unless it <see cref="IntegrationException.MayHaveHappened"/>: then the entry has no value, and the next read loads.</exception>
    /// <exception cref="CacheUnavailableException">As for <see cref="WriteThroughAsync"/>.</exception>
    ValueTask<WriteAnswer<T>> WriteAsync<TBody, T>(string integration, string method, IReadOnlyDictionary<string, string?> args, TBody body, CancellationToken ct = default);

    /// <summary>Removes a value, durably; true when there was one. It wins over every load that began before it.</summary>
    ValueTask<bool> RemoveAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>Removes a value if the condition holds, durably; accepted also when there is none and the condition lets that be.</summary>
    ValueTask<WriteResult> RemoveAsync(CacheKey key, WriteCondition when, CancellationToken ct = default);

    /// <summary>Loads an integration's key again now; any other key is loaded again by its next get-or-create. False when there is nothing to refresh.</summary>
    ValueTask<bool> RefreshAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>Says what the owner knows of the key and why it answered as it did.</summary>
    ValueTask<CacheExplanation> ExplainAsync(CacheKey key, CancellationToken ct = default);

    /// <summary>
    /// Tells the key's version at once and then each time a read would give another one: a new value, a removal, a raised tag, the end of its
    /// lifetime. Every change is told or one after it, also over moves and crashes of silos; the same version may be told twice.
    /// </summary>
    /// <param name="key">What to watch. Nothing is loaded for it.</param>
    /// <param name="known">The version that the caller was told last, which is not told again; null for none.</param>
    /// <param name="ct">Ends the watch.</param>
    IAsyncEnumerable<CacheChange> WatchAsync(CacheKey key, long? known = null, CancellationToken ct = default);

    /// <summary>Tells the number of the tag's last raise at once and then of each one after it; several that come together are told as one.</summary>
    /// <inheritdoc cref="WatchAsync(CacheKey, long?, CancellationToken)"/>
    IAsyncEnumerable<CacheChange> WatchTagAsync(string tag, long? known = null, CancellationToken ct = default);

    /// <summary>The same with what changed between the last two values, where the region or the method keeps them (<c>KeepPrevious</c>).</summary>
    ValueTask<CacheExplanation> ExplainAsync(CacheKey key, bool difference, CancellationToken ct = default);

    /// <summary>Invalidates every entry that carries one of the tags; durable when it returns.</summary>
    ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken ct = default);

    /// <summary>
    /// The same, once for all who ask for a tag in quick succession, in the whole cluster: when nobody has asked for <paramref name="debounce"/>,
    /// and at the latest <paramref name="atMost"/> after the first. Until then entries are served as they are. It returns when the invalidation
    /// that serves it is durable, and every entry born before the call is hit; a caller that dies while it waits may leave none.
    /// </summary>
    /// <param name="tags">Each waits for its own quiet.</param>
    /// <param name="debounce">1 ms to one minute.</param>
    /// <param name="atMost">From <paramref name="debounce"/> to one hour; ten times it when null.</param>
    /// <param name="ct">Ends the caller's wait; the invalidation comes all the same.</param>
    ValueTask RemoveByTagAsync(IEnumerable<string> tags, TimeSpan debounce, TimeSpan? atMost = null, CancellationToken ct = default);
}
