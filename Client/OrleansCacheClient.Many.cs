namespace OrleansCache;

/// <summary>Calls for many keys.</summary>
internal sealed partial class OrleansCacheClient
{
    public async ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> GetManyAsync<T>(IEnumerable<CacheKey> keys, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        CacheKey[] asked = [.. keys];
        return Concurrently.Spread(asked, await Concurrently.RunAsync([.. asked.Distinct()], static key => key, key => GetAsync<T>(key, ct), ct).ConfigureAwait(false));
    }

    public async ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> GetOrCreateManyAsync<T>(
        IEnumerable<CacheKey> keys, Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> factory, EntryOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(factory);
        options = EntryOptionRules.Checked(options);
        CacheKey[] asked = [.. keys];
        CacheKey[] distinct = [.. asked.Distinct()];
        // All versions first, so that the keys that changed are loaded together.
        var known = options is not CacheStrategy { Strategy: Strategy.Versioned } versioned ? null
            : await Concurrently.RunAsync(distinct, static key => key, key => versions.FindAsync(key, versioned, versioned.PlanOf<T>(plans), ct), ct).ConfigureAwait(false);
        Task<KeyResult<CacheResult<T>>>[] loads;
        using (var batch = new LoadBatch<T>(factory, options, plans))
        {
            loads = [.. distinct.Select((key, i) => known?[i].Error is { } error
                ? Task.FromResult(new KeyResult<CacheResult<T>>(key, error))
                : LoadOfManyAsync<T>(new(key, batch), known?[i].Result, ct))];
        }

        return Concurrently.Spread(asked, await Task.WhenAll(loads).ConfigureAwait(false));
    }

    public async ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> CallManyAsync<T>(
        string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CancellationToken ct = default)
    {
        var started = metrics.Start();
        return [.. (await raw.CallManyAsync(integration, method, args, ct: ct).ConfigureAwait(false)).Select(reply => TypedOf<T>(reply, $"{integration}/{method}", started))];
    }

    private KeyResult<CacheResult<T>> TypedOf<T>(KeyResult<ReadReply> reply, string where, long started)
    {
        if (reply.Error is { } error)
            return new(reply.Key, error);
        try
        {
            return new(reply.Key, Decoded<T>(reply.Result, where, started));
        }
        catch (Exception e) when (e is CacheSerializationException or IntegrationException or ArgumentException or CacheUnavailableException)
        {
            return new(reply.Key, e);
        }
    }

    public async ValueTask<IReadOnlyList<KeyResult<WriteResult>>> SetManyAsync<T>(IReadOnlyDictionary<CacheKey, T> values, EntryOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        options = EntryOptionRules.Checked(options);
        return await Concurrently.RunAsync([.. values], static pair => pair.Key, pair => SetAsync(pair.Key, pair.Value, options, ct: ct), ct).ConfigureAwait(false);
    }

    private async Task<KeyResult<CacheResult<T>>> LoadOfManyAsync<T>(LoadBatch<T>.Order order, VersionOfRead? version, CancellationToken ct)
    {
        var isRefreshing = false;
        try
        {
            var result = await Concurrently.OneAsync(order.Key, order => version is { } known && order.Options is CacheStrategy versioned
                ? VersionedAsync(order, versioned, versioned.PlanOf<T>(plans), known, ct)
                : GetOrCreateAsync(order, ct), order, ct).ConfigureAwait(false);
            isRefreshing = result is { Error: null, Result.Outcome: Outcome.Stale };
            return result.Error is IntegrationException { Problem: { Kind: ProblemKind.Limited } limited }
                ? new(order.Key, Result(new ReadReply { Status = ReadStatus.Failed, Problem = limited }, default(T), metrics.Start()))
                : result;
        }
        finally
        {
            if (!isRefreshing)
                order.Seat.Leave();
        }
    }
}
