namespace OrleansCache;

/// <summary>Calls for many keys: side by side, and not all at once.</summary>
internal static class Concurrently
{
    /// <summary>How many calls of one list are under way at a time.</summary>
    public const int Degree = 64;

    /// <summary>The results in the items' order. What a call throws is its item's; only the end of the token ends all.</summary>
    public static async ValueTask<KeyResult<TResult>[]> RunAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<TItem, CacheKey> keyOf, Func<TItem, ValueTask<TResult>> call, CancellationToken ct)
    {
        var results = new KeyResult<TResult>[items.Count];
        var last = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Degree, items.Count)).Select(_ => NextAsync())).ConfigureAwait(false);
        return results;

        async Task NextAsync()
        {
            while (Interlocked.Increment(ref last) is var next && next < items.Count)
                results[next] = await OneAsync(keyOf(items[next]), call, items[next], ct).ConfigureAwait(false);
        }
    }

    /// <summary>One key's result, or what it threw.</summary>
    public static async ValueTask<KeyResult<TResult>> OneAsync<TItem, TResult>(CacheKey key, Func<TItem, ValueTask<TResult>> call, TItem item, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            return new(key, await call(item).ConfigureAwait(false));
        }
#pragma warning disable CA1031 // whatever a key's call throws is that key's result
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new(key, e);
        }
    }

    /// <summary>What stands for each item in the list of the different ones, in the items' order.</summary>
    public static KeyResult<TResult>[] Spread<TResult>(IReadOnlyList<CacheKey> keys, IEnumerable<KeyResult<TResult>> distinct)
    {
        var byKey = distinct.ToDictionary(static result => result.Key);
        return [.. keys.Select(key => byKey[key])];
    }
}
