using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Tells callers what the silo is configured to call.</summary>
[Reentrant]
internal sealed class CatalogGrain(LiveConfiguration configuration) : Grain, ICatalogGrain
{
    private const int GoodForMilliseconds = 5_000;

    public ValueTask<IntegrationDescription?> DescribeAsync(CancellationToken cancellationToken) =>
        new(configuration.Current.Integrations.TryGetValue(this.GetPrimaryKeyString(), out var integration) ? Describe(integration) : null);

    public ValueTask<ImmutableArray<string>> NamesAsync(CancellationToken cancellationToken) =>
        new([.. configuration.Current.Integrations.Keys.Order(StringComparer.Ordinal)]);

    private IntegrationDescription Describe(Integration integration) => new()
    {
        Name = integration.Name,
        Service = integration.Service,
        ServiceVersion = integration.ServiceVersion,
        Methods =
        [
            .. integration.Methods.Values.OrderBy(method => method.Name, StringComparer.Ordinal)
                .Select(method => new MethodDescription
                {
                    Name = method.Name,
                    Region = method.Region,
                    Parameters = method.Parameters,
                    IsVersioned = configuration.Current.Regions.GetValueOrDefault(method.Region)?.Version is not null,
                    Verbs = method.Writer?.Verbs,
                    Writes = method.Writer?.Reader?.Name,
                    Invalidates = method.Writer is { } writer ? [.. writer.Invalidates.Select(tag => tag.Text)] : [],
                    Most = method.Many?.Max ?? 0,
                    Varies = method.Many?.Argument,
                    Separator = method.Many?.Separator,
                }),
        ],
        GoodForMilliseconds = GoodForMilliseconds,
    };
}
