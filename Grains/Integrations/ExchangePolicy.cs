namespace OrleansCache;

/// <summary>An exchange of credentials as configured: checked, never changed.</summary>
internal sealed record ExchangePolicy(Uri Url, TimeSpan Margin, TimeSpan TokenFor, TimeSpan RefusedFor, TimeSpan Timeout, int MaxTokens)
{
    /// <summary>Null without an exchange, or when something is wrong with it.</summary>
    public static ExchangePolicy? Read(string path, IntegrationOptions integration, ConfigurationErrors errors)
    {
        if (integration.Authentication?.Exchange is not { } options)
            return null;
        var at = $"{path}:{nameof(integration.Authentication)}:{nameof(integration.Authentication.Exchange)}";
        var url = IntegrationRules.BaseAddress($"{at}:{nameof(options.Url)}", options.Url, errors);
        ResilienceRules.Between($"{at}:{nameof(options.Margin)}", options.Margin, TimeSpan.Zero, TimeSpan.FromHours(1), errors);
        ResilienceRules.Between($"{at}:{nameof(options.TokenFor)}", options.TokenFor, TimeSpan.FromTicks(1), TimeSpan.FromDays(1), errors);
        ResilienceRules.Between($"{at}:{nameof(options.RefusedFor)}", options.RefusedFor, TimeSpan.Zero, TimeSpan.FromMinutes(1), errors);
        ResilienceRules.Between($"{at}:{nameof(options.Timeout)}", options.Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1), errors);
        if (options.MaxTokens is < 1 or > 1_000_000)
            errors.Add($"{at}:{nameof(options.MaxTokens)}", options.MaxTokens, "set 1 to 1000000");
        if (integration.Headers.ContainsKey("Authorization"))
            errors.Add($"{path}:{nameof(integration.Headers)}:Authorization", "is set beside an exchange, whose token goes to the origin in its place: leave one of them out");
        foreach (var (name, _) in integration.Methods.Where(method => method.Value.Strategy == Strategy.Eager))
            errors.Add($"{path}:{nameof(integration.Methods)}:{name}:{nameof(MethodOptions.Strategy)}", Strategy.Eager, "it loads with nobody asking, and so with no caller's token; set Background");
        return url is null ? null : new(url, options.Margin, options.TokenFor, options.RefusedFor, options.Timeout, options.MaxTokens);
    }
}
