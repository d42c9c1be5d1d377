using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>What the silos say of their integrations, kept for as long as they say.</summary>
internal sealed class Catalog(OwnerCalls calls, TimeProvider clock)
{
    // Bounds what misspelt names can fill; descriptions of real integrations are far fewer.
    private const int MaxKept = 1_000;
    private readonly ConcurrentDictionary<string, Entry> _kept = new(StringComparer.Ordinal);

    /// <summary>The key and arguments of a call, or what is wrong with it.</summary>
    public async ValueTask<CallTarget> BindAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct)
    {
        var description = await DescribeAsync(integration, ct).ConfigureAwait(false);
        return description is null
            ? CallBinding.UnknownIntegration(integration, await NamesAsync(integration, ct).ConfigureAwait(false))
            : CallBinding.Bind(description, method, args);
    }

    /// <summary>The entry, arguments and tags of a write, or what is wrong with it.</summary>
    public async ValueTask<WriteTarget> BindWriteAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, string? verb, CancellationToken ct)
    {
        var description = await DescribeAsync(integration, ct).ConfigureAwait(false);
        return description is null
            ? new() { Problem = CallBinding.UnknownIntegration(integration, await NamesAsync(integration, ct).ConfigureAwait(false)).Problem }
            : CallBinding.BindWrite(description, method, args, verb);
    }

    /// <summary>The integration; null when there is none of that name.</summary>
    public async ValueTask<IntegrationDescription?> DescribeAsync(string integration, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(integration))
            return null;
        if (_kept.TryGetValue(integration, out var kept) && clock.GetElapsedTime(kept.AskedAt) < kept.GoodFor)
            return kept.Description;

        var askedAt = clock.GetTimestamp();
        var asked = calls.CallAsync<ICatalogGrain, IntegrationDescription?>(integration, static grain => grain.DescribeAsync(CancellationToken.None), ct: ct);
        var description = await asked.AsTask().WaitAsync(ct).ConfigureAwait(false);
        if (description is not null && (_kept.Count < MaxKept || _kept.ContainsKey(integration)))
            _kept[integration] = new(description, askedAt, TimeSpan.FromMilliseconds(description.GoodForMilliseconds));
        return description;
    }

    /// <summary>Knows an integration that no silo was asked for.</summary>
    public void Keep(IntegrationDescription description) =>
        _kept[description.Name] = new(description, clock.GetTimestamp(), TimeSpan.FromMilliseconds(description.GoodForMilliseconds));

    /// <summary>The next call asks again.</summary>
    public void Forget(string integration) => _kept.TryRemove(integration, out _);

    private async ValueTask<ImmutableArray<string>> NamesAsync(string integration, CancellationToken ct) =>
        await calls.CallAsync<ICatalogGrain, ImmutableArray<string>>(integration.Length > 0 ? integration : "?", static grain => grain.NamesAsync(CancellationToken.None), ct: ct).AsTask().WaitAsync(ct).ConfigureAwait(false);

    private sealed record Entry(IntegrationDescription Description, long AskedAt, TimeSpan GoodFor);
}
