using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Makes policies of <c>OrleansCache:Regions</c>.</summary>
internal static class RegionReader
{
    public const string Section = "Regions";
    public const string Default = "default";

    public static RegionPolicy Read(IConfigurationSection root, IDictionary<string, RegionPolicy> policies, ConfigurationErrors errors)
    {
        var section = root.GetSection(Section);
        var options = BoundSection.Read<Dictionary<string, RegionOptions>>(section, errors);
        var basis = new RegionPolicy { Region = Default };
        if (options.TryGetValue(Default, out var standard))
            basis = Follow(basis, Default, standard);
        RegionRules.Check($"{section.Path}:{Default}", basis, errors);
        foreach (var (name, region) in options)
        {
            var path = $"{section.Path}:{name}";
            try
            {
                var policy = Follow(basis, RegionName.Checked(name), region);
                if (name != Default)        // what the region only follows is told once, where it is written
                    RegionRules.Check(path, policy, errors, key => section[$"{name}:{key}"] is not null || !errors.Concern($"{section.Path}:{Default}:{key}"));
                policies[policy.Region] = policy;
            }
            catch (ArgumentException e)
            {
                errors.Add(path, $"is not a region's name. {e.Message}");
            }
        }

        return basis;
    }

    private static RegionPolicy Follow(RegionPolicy basis, string name, RegionOptions options) => basis with
    {
        Region = name,
        Coherence = options.Coherence ?? basis.Coherence,
        Durability = options.Durability ?? basis.Durability,
        Strategy = options.Strategy ?? basis.Strategy,
        FreshFor = options.FreshFor ?? basis.FreshFor,
        StaleFor = options.StaleFor ?? basis.StaleFor,
        AbsentFor = options.AbsentFor ?? basis.AbsentFor,
        Jitter = options.Jitter ?? basis.Jitter,
        KeepPrevious = options.KeepPrevious ?? basis.KeepPrevious,
        MaxEntries = options.MaxEntries ?? basis.MaxEntries,
        MaxBytes = options.MaxBytes ?? basis.MaxBytes,
        WhenUnproven = options.WhenUnproven ?? basis.WhenUnproven,
    };
}
