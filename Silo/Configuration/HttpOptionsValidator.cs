using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Refuses an address that is none, and one that others reach without the explicit word.</summary>
internal sealed class HttpOptionsValidator : IValidateOptions<HttpOptions>
{
    private const int MostWatchers = 100_000;

    public ValidateOptionsResult Validate(string? name, HttpOptions options)
    {
        var errors = new List<string>();
        if (options.Port is < 1 or > 65535)
            errors.Add($"{HttpOptions.SectionName}:{nameof(HttpOptions.Port)} is {options.Port}; give a port from 1 to 65535.");
        if (options.Addresses() is null)
            errors.Add($"{HttpOptions.SectionName}:{nameof(HttpOptions.Address)} is '{options.Address}'; give localhost, an IP address of this machine, or *.");
        else if (!options.IsLoopback && !options.AllowAnonymous)
            errors.Add(
                $"{HttpOptions.SectionName}:{nameof(HttpOptions.Address)} is '{options.Address}', which other machines reach, and nobody would be asked who they are; " +
                $"use localhost, or set {HttpOptions.SectionName}:{nameof(HttpOptions.AllowAnonymous)} to true.");
        if (options.MaxWatchers is < 0 or > MostWatchers)
            errors.Add($"{HttpOptions.SectionName}:{nameof(HttpOptions.MaxWatchers)} is {options.MaxWatchers}; give 0 (none) to {MostWatchers}.");
        foreach (var host in options.AllowedHosts.Where(host => Uri.CheckHostName(host) != UriHostNameType.Dns))
            errors.Add($"{HttpOptions.SectionName}:{nameof(HttpOptions.AllowedHosts)} has '{host}'; give a name without scheme and port, such as 'cache.example'.");
        foreach (var origin in options.AllowedOrigins.Where(origin => !IsOrigin(origin)))
            errors.Add($"{HttpOptions.SectionName}:{nameof(HttpOptions.AllowedOrigins)} has '{origin}'; give scheme and name, such as 'https://shop.example', or * for any.");
        return errors.Count > 0 ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }

    private static bool IsOrigin(string origin) =>
        origin == "*" || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" });
}
