using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>The part of the root section that is the silo's: methods of an interface in the same process are the SDK's.</summary>
internal static class SilosOwn
{
    public static IConfigurationSection Of(IConfigurationSection root, IEnumerable<InterfaceIntegration> interfaces)
    {
        string[] others = [.. interfaces.Select(integration => ConfigurationErrors.Path(root.Path, IntegrationReader.Section, integration.Name, nameof(IntegrationOptions.Methods)))];
        if (others.Length == 0)
            return root;
        var own = root.AsEnumerable().Where(pair => !others.Any(other =>
            pair.Key.StartsWith(other, StringComparison.OrdinalIgnoreCase) && (pair.Key.Length == other.Length || pair.Key[other.Length] == ':')));
        return new ConfigurationBuilder().AddInMemoryCollection(own).Build().GetSection(root.Path);
    }
}
