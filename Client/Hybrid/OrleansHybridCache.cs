using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary><c>HybridCache</c> over the cluster. A cache that is away fails nobody's read: the factory runs, and its value is not stored.</summary>
/// <remarks>
/// The cluster's entry is what HybridCache calls the distributed cache. The flags of the local cache change nothing: a near cache, where
/// there is one, is coherent. <c>LocalCacheExpiration</c> is not needed for the same reason. A null is a value. Tag <c>*</c> is every entry.
/// </remarks>
internal sealed class OrleansHybridCache : HybridCache
{
    /// <summary>HybridCache's name for all of its entries.</summary>
    private const string Everything = "*";

    private readonly string _region;
    private readonly TimeSpan _expiration;
    private readonly EntryOptions _usual;
    private readonly ConditionalWeakTable<HybridCacheEntryOptions, EntryOptions> _untagged = [];
    private readonly OrleansCacheClient _cache;
    private readonly ILogger _logger;

    public OrleansHybridCache(OrleansCacheClient cache, IOptions<OrleansCacheClientOptions> options, ILogger<OrleansHybridCache> logger)
    {
        (_cache, _logger) = (cache, logger);
        (_region, _expiration) = (options.Value.HybridRegion, options.Value.HybridExpiration);
        _usual = Entry((TimeSpan?)null, []);
    }

    public override async ValueTask<T> GetOrCreateAsync<TState, T>(string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var name = CacheKey.Of(_region, key);
        var flags = options?.Flags ?? HybridCacheEntryFlags.None;
        var reads = !flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheRead);
        var writes = !flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheWrite);
        if (flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData))
            return reads ? (await FoundAsync<T>(name, cancellationToken).ConfigureAwait(false)).Value! : default!;

        if (reads && writes)
        {
            var order = new LoadOrder<TState, T>(name, state, factory, Entry(options, tags)) { SurvivesOutage = true };
            var result = await _cache.GetOrCreateAsync(order, cancellationToken).ConfigureAwait(false);
            return result.Outcome is Outcome.Refused or Outcome.Miss ? await factory(state, cancellationToken).ConfigureAwait(false) : result.Value!;
        }

        if (reads && await FoundAsync<T>(name, cancellationToken).ConfigureAwait(false) is { HasValue: true } found)
            return found.Value!;
        var value = await factory(state, cancellationToken).ConfigureAwait(false);
        if (writes)
            await StoreAsync(name, value, Entry(options, tags), cancellationToken).ConfigureAwait(false);
        return value;
    }

    public override async ValueTask SetAsync<T>(string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        if (!(options?.Flags ?? default).HasFlag(HybridCacheEntryFlags.DisableDistributedCacheWrite))
            await _cache.SetAsync(CacheKey.Of(_region, key), value, Entry(options, tags), default, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) =>
        await _cache.RemoveAsync(CacheKey.Of(_region, key), cancellationToken).ConfigureAwait(false);

    public override async ValueTask RemoveAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken }, RemoveAsync).ConfigureAwait(false);
    }

    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) => _cache.RemoveByTagAsync([tag], cancellationToken);

    public override ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken cancellationToken = default) => _cache.RemoveByTagAsync(tags, cancellationToken);

    // A hit without tags of its own makes no options.
    private EntryOptions Entry(HybridCacheEntryOptions? options, IEnumerable<string>? tags) =>
        tags is not null ? Entry(options?.Expiration, tags)
        : options?.Expiration is null ? _usual
        : _untagged.GetValue(options, o => Entry(o.Expiration, []));

    private EntryOptions Entry(TimeSpan? expiration, IEnumerable<string> tags)
    {
        var lifetime = expiration ?? _expiration;
        return EntryOptionRules.Checked(new EntryOptions { FreshFor = lifetime, StaleFor = TimeSpan.Zero, AbsentFor = lifetime, Tags = [Everything, .. tags] });
    }

    private async ValueTask<CacheResult<T>> FoundAsync<T>(CacheKey key, CancellationToken ct)
    {
        try
        {
            return await _cache.GetAsync<T>(key, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CacheUnavailableException or CacheSerializationException)
        {
            _logger.RunsUnshared(e, RoutingHash.Of(key.GrainKey));
            return default;
        }
    }

    private async ValueTask StoreAsync<T>(CacheKey key, T value, EntryOptions entry, CancellationToken ct)
    {
        try
        {
            await _cache.SetAsync(key, value, entry, default, ct).ConfigureAwait(false);
        }
        catch (CacheUnavailableException e)
        {
            _logger.RunsUnshared(e, RoutingHash.Of(key.GrainKey));
        }
    }
}
