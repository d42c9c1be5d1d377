using System.Collections.Immutable;

namespace OrleansCache.Fakes;

/// <summary>The integrations of a fake cluster.</summary>
internal sealed class FakeCatalog
{
    private int _asked;

    public Dictionary<string, IntegrationDescription> Known { get; } = new()
    {
        ["partner"] = new()
        {
            Name = "partner",
            Service = "shop",
            ServiceVersion = "1.0",
            GoodForMilliseconds = 60_000,
            Methods =
            [
                new() { Name = "country", Region = "shop:1.0:partner:country", Parameters = [new("code", Optional: false), new("lang", Optional: true)] },
                new() { Name = "report", Region = "shop:1.0:partner:report", Parameters = [new("id", Optional: false)], IsVersioned = true },
                new() { Name = "currencies", Region = "shop:1.0:partner:currencies" },
                new() { Name = "setCountry", Region = "shop:1.0:partner:setCountry", Parameters = [new("code", Optional: false), new("note", Optional: true)], Verbs = "PUT", Writes = "country", Invalidates = ["country:{code}", "note:{note}"] },
                new() { Name = "addCountry", Region = "shop:1.0:partner:addCountry", Verbs = "POST", Invalidates = ["countries"] },
            ],
        },
    };

    public int Asked => _asked;

    public ICatalogGrain Of(string name) => new Grain(this, name);

    private sealed class Grain(FakeCatalog catalog, string name) : ICatalogGrain
    {
        public ValueTask<IntegrationDescription?> DescribeAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref catalog._asked);
            return new(catalog.Known.GetValueOrDefault(name));
        }

        public ValueTask<ImmutableArray<string>> NamesAsync(CancellationToken cancellationToken = default) => new([.. catalog.Known.Keys.Order()]);
    }
}
