namespace OrleansCache;

/// <summary>An integration that a program registered.</summary>
internal sealed record CodeIntegration(string Name, Func<IServiceProvider, IIntegration> Make, Action<IntegrationOptions>? Configure);
