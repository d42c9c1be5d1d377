namespace OrleansCache.Tests;

/// <summary>What says where a method's version comes from.</summary>
public sealed class VersionSettingsTests
{
    private const string Methods = "OrleansCache:Integrations:partner:Methods";

    private const string Whole = """
        { "OrleansCache": { "Integrations": { "partner": { "BaseAddress": "http://localhost:8899/", "Methods": {
            "order": { "Get": "orders/{id}?lang={lang?}", "Strategy": "Versioned", "Version": { "Method": "orderVersion", "Default": "none", "OnFailure": "Serve" } },
            "orderVersion": { "Get": "orders/{id}/version" },
            "userVersion": { "Get": "users/{user}/version" },
            "langVersion": { "Get": "version?lang={lang}" },
            "setOrder": { "Put": "orders/{id}", "Writes": "order" } } } } } }
        """;

    [Fact]
    public void A_versioned_method_needs_no_lifetime()
    {
        var (settings, errors) = CacheSettingsTests.Read(Whole);

        Assert.Empty(errors);
        var version = settings.Regions["default:1.0:partner:order"].Version!;
        Assert.Equal(("orderVersion", "none", OnVersionFailure.Serve, TimeSpan.FromMinutes(5), 10_000), (version.Method, version.Default, version.OnFailure, version.SessionFor, version.MaxSessions));
        Assert.Equal("id", Assert.Single(version.Parameters).Name);
    }

    [Theory]
    [InlineData("order:Version:Method", "orderVersions", $"{Methods}:order:Version:Method is 'orderVersions': the integration has no other method of that name that reads; did you mean 'orderVersion'?")]
    [InlineData("order:Version:Method", "order", $"{Methods}:order:Version:Method is 'order': the integration has no other method of that name that reads; ")]
    [InlineData("order:Version:Method", "setOrder", $"{Methods}:order:Version:Method is 'setOrder': the integration has no other method of that name that reads; known are")]
    [InlineData("order:Version:Method", "userVersion", $"{Methods}:order:Version:Method is 'userVersion': it needs the argument 'user', which is none that 'order' must have; add it, or name another method.")]
    [InlineData("order:Version:Method", "langVersion", $"{Methods}:order:Version:Method is 'langVersion': it needs the argument 'lang', which is none that 'order' must have; add it, or name another method.")]
    [InlineData("order:Version:SessionFor", "00:00:00", $"{Methods}:order:Version:SessionFor is '00:00:00': set a time over zero.")]
    [InlineData("order:Version:MaxSessions", "0", $"{Methods}:order:Version:MaxSessions is '0': set 1 or more.")]
    [InlineData("order:Version:OnFailure", "Serv", $"{Methods}:order:Version:OnFailure is 'Serv': write one of Fail, Serve, Recompute; did you mean 'Serve'?")]
    [InlineData("order:Strategy", "Ttl", $"{Methods}:order:Version is asked for by Strategy Versioned alone: set that, or leave it out.")]
    [InlineData("orderVersion:Strategy", "Versioned", $"{Methods}:orderVersion:Version:Method is not set: Versioned asks a method for the version before a value is served; set it, or another Strategy.")]
    public void A_wrong_setting_of_a_version_is_named_with_its_path_its_value_and_the_way_out(string key, string value, string error)
    {
        var (_, errors) = CacheSettingsTests.Read(Whole, ($"Methods:{key}", value));

        Assert.StartsWith(error, Assert.Single(errors), StringComparison.Ordinal);
    }
}
