using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Refuses options that cannot work, all at once, each with field, value and remedy.</summary>
internal sealed class OrleansCacheClientOptionsValidator : IValidateOptions<OrleansCacheClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansCacheClientOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.CallTimeout <= TimeSpan.Zero || options.CallTimeout > TimeSpan.FromHours(1))
            errors.AddError($"is {options.CallTimeout}; set it over zero and to at most 01:00:00.", Path(nameof(options.CallTimeout)));
        if (options.Connections is < 1 or > 16)
            errors.AddError($"is {options.Connections}; set it to 1 to 16.", Path(nameof(options.Connections)));
        if (options.HybridExpiration <= TimeSpan.Zero && options.HybridExpiration != Timeout.InfiniteTimeSpan)
            errors.AddError($"is {options.HybridExpiration}; set it over zero, or to -00:00:00.001 for no end.", Path(nameof(options.HybridExpiration)));
        try
        {
            RegionName.Checked(options.HybridRegion);
        }
        catch (ArgumentException e)
        {
            errors.AddError($"is '{options.HybridRegion}': {e.Message}", Path(nameof(options.HybridRegion)));
        }

        if (options.Json is null)
            errors.AddError("is null; leave it as it is, or set your own options.", Path(nameof(options.Json)));
        AddTlsErrors(errors, options.Tls);
        return errors.Build();
    }

    private static void AddTlsErrors(ValidateOptionsResultBuilder errors, ClientTlsOptions tls)
    {
        if (!tls.Enabled && (tls.TargetHost ?? tls.CaFile ?? tls.CertificateFile ?? tls.KeyFile) is not null)
            errors.AddError("is False while other TLS settings are given; set it to true, or remove them.", Path("Tls:Enabled"));
        foreach (var (setting, file, remedy) in TlsFiles.Errors(tls.CertificateFile, tls.KeyFile, nameof(tls.CaFile), tls.CaFile))
            errors.AddError($"is '{file}': {remedy}.", Path($"Tls:{setting}"));
    }

    private static string Path(string field) => $"{OrleansCacheClientOptions.SectionName}:{field}";
}
