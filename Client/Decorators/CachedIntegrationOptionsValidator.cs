using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Refuses strategies of an interface that cannot hold, from code, attributes and configuration together.</summary>
internal sealed class CachedIntegrationOptionsValidator<TApi>(DecoratedName<TApi> integration, DecoratedMethod[] methods, IConfiguration configuration) : IValidateOptions<CachedIntegrationOptions>
{
    public ValidateOptionsResult Validate(string? name, CachedIntegrationOptions options)
    {
        if (name != integration.Value)
            return ValidateOptionsResult.Skip;
        var errors = new ConfigurationErrors();
        DecoratedSettings.Read(configuration, integration.Value, integration.IsClient, methods, options, errors);
        return errors.Any ? ValidateOptionsResult.Fail(errors.All) : ValidateOptionsResult.Success;
    }
}
