using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Regions and integrations as configured at one moment: checked, and never changed.</summary>
internal sealed record CacheSettings
{
    /// <summary>What may change while the process runs.</summary>
    public static readonly string[] LiveSections = [RegionReader.Section, IntegrationReader.Section, IntegrationReader.ResilienceSection];

    /// <summary>Grows with every change.</summary>
    public required int Number { get; init; }
    public required RegionPolicy DefaultRegion { get; init; }

    /// <summary>By region: those with a section, and those of integration methods.</summary>
    public required FrozenDictionary<string, RegionPolicy> Regions { get; init; }
    public required FrozenDictionary<string, Integration> Integrations { get; init; }

    public static CacheSettings Read(IConfigurationSection root, IEnumerable<CodeIntegration> code, int number, ConfigurationErrors errors)
    {
        var regions = new Dictionary<string, RegionPolicy>(StringComparer.Ordinal);
        var basis = RegionReader.Read(root, regions, errors);
        var integrations = IntegrationReader.Read(root, code, regions, errors);
        return new()
        {
            Number = number,
            DefaultRegion = basis,
            Regions = regions.ToFrozenDictionary(StringComparer.Ordinal),
            Integrations = integrations,
        };
    }

    /// <summary>These and one integration more, with the region of its method.</summary>
    public CacheSettings With(Integration integration, RegionPolicy region) => this with
    {
        Number = Number + 1,
        Regions = Regions.Append(new(region.Region, region)).ToFrozenDictionary(StringComparer.Ordinal),
        Integrations = Integrations.Append(new(integration.Name, integration)).ToFrozenDictionary(StringComparer.Ordinal),
    };
}
