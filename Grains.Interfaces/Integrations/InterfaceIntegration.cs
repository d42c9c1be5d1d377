namespace OrleansCache;

/// <summary>An interface in this process that goes through the cache: its methods' settings are the SDK's, and no silo's.</summary>
internal sealed record InterfaceIntegration(string Name);
