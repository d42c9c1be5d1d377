using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Refuses a connection that cannot work.</summary>
internal sealed partial class ClientConnectionValidator(ClientConnection connection) : IValidateOptions<OrleansCacheClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansCacheClientOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.ClusterId is { } id && !ClusterIds().IsMatch(id))
            errors.AddError($"is '{id}'; use 1 to 64 letters, digits, '-', '_' or '.'.", "OrleansCache:ClusterId");
        var field = $"ConnectionStrings:{connection.Name}";
        if (string.IsNullOrWhiteSpace(options.Endpoints))
        {
            errors.AddError("is not set; set it to the silos' client ports, such as 127.0.0.1:11111, or to redis=HOST:PORT.", field);
            return errors.Build();
        }

        var shown = ClusterAddress.Shown(options.Endpoints);
        try
        {
            if (EngineClient.Refusal(ClusterAddress.Parse(options.Endpoints), connection, options) is { } refusal)
                errors.AddError($"is '{shown}': {refusal}", field);
        }
        catch (FormatException e)
        {
            errors.AddError($"is '{shown}': it {e.Message}.", field);
        }

        return errors.Build();
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex ClusterIds();
}
