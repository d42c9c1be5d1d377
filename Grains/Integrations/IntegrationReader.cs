using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Makes integrations and the policies of their regions of <c>OrleansCache:Integrations</c> and <c>OrleansCache:Resilience</c>.</summary>
internal sealed class IntegrationReader
{
    public const string Section = "Integrations";
    public const string ResilienceSection = "Resilience";

    private static readonly TimeSpan EagerStaleFor = TimeSpan.FromDays(1);

    private readonly ConfigurationErrors _errors;
    private readonly IDictionary<string, RegionPolicy> _policies;
    private readonly string _root;
    private readonly Dictionary<string, ResilienceOptions> _shared;

    private IntegrationReader(IConfigurationSection root, IDictionary<string, RegionPolicy> policies, ConfigurationErrors errors)
    {
        (_root, _policies, _errors) = (root.Path, policies, errors);
        _shared = BoundSection.Read<Dictionary<string, ResilienceOptions>>(root.GetSection(ResilienceSection), errors);
        foreach (var (name, options) in _shared)
        {
            var path = ConfigurationErrors.Path(_root, ResilienceSection, name);
            ResilienceRules.Check(path, options, errors);
            IntegrationRules.Check(path, new ResilienceSettings().With(options), errors);
        }
    }

    public static FrozenDictionary<string, Integration> Read(
        IConfigurationSection root, IEnumerable<CodeIntegration> code, IDictionary<string, RegionPolicy> policies, ConfigurationErrors errors)
    {
        var reader = new IntegrationReader(root, policies, errors);
        var options = BoundSection.Read<Dictionary<string, IntegrationOptions>>(root.GetSection(Section), errors);
        var inCode = code.ToDictionary(integration => integration.Name, StringComparer.Ordinal);
        foreach (var integration in inCode.Values)
        {
            if (!options.TryGetValue(integration.Name, out var own))
                options.Add(integration.Name, own = new());
            integration.Configure?.Invoke(own);
        }

        return options.Select(named => reader.Resolve(named.Key, named.Value, inCode.ContainsKey(named.Key)))
            .ToFrozenDictionary(integration => integration.Name, StringComparer.Ordinal);
    }

    private Integration Resolve(string name, IntegrationOptions options, bool inCode)
    {
        var path = ConfigurationErrors.Path(_root, Section, name);
        IntegrationRules.Name(path, name, isIntegration: true, _errors);
        if (options.RateLimit is { } limit)
            IntegrationRules.Check($"{path}:{nameof(options.RateLimit)}", limit, _errors);
        var resilience = Narrowed(new(), path, options, options.Resilience);
        return new()
        {
            Name = name,
            Service = options.Service,
            ServiceVersion = options.ServiceVersion,
            Limit = PolicyOf(options.RateLimit),
            Resilience = resilience,
            Exchange = ExchangePolicy.Read(path, options, _errors),
            Http = inCode ? NoHttp(path, options) : Http(path, options),
            Methods = MethodsOf($"{path}:{nameof(options.Methods)}", (name, options, inCode), resilience),
        };
    }

    private FrozenDictionary<string, IntegrationMethod> MethodsOf(string path, (string Name, IntegrationOptions Options, bool InCode) integration, ResilienceSettings wider)
    {
        var resolved = integration.Options.Methods.ToFrozenDictionary(
            method => method.Key, method => Resolve($"{path}:{method.Key}", integration, method.Key, method.Value, wider), StringComparer.Ordinal);
        var writers = new WriterReader(path, integration.Options.Methods, resolved, _errors);
        var methods = resolved.Values.Select(writers.Resolve).ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);
        foreach (var method in methods.Values)
        {
            if (VersionReader.Read($"{path}:{method.Name}", method, integration.Options.Methods[method.Name], methods, _errors) is { } version)
                _policies[method.Region] = _policies[method.Region] with { Version = version };
        }

        return methods;
    }

    private IntegrationMethod Resolve(
        string path, (string Name, IntegrationOptions Options, bool InCode) integration, string name, MethodOptions options, ResilienceSettings wider)
    {
        IntegrationRules.Name(path, name, isIntegration: false, _errors);
        var (verb, template) = integration.InCode ? (HttpMethod.Get, null) : PathOf(path, options);
        var parameters = integration.InCode ? ParametersInCode(path, options) : template?.Parameters ?? [];
        if (!integration.InCode && options.Parameters is not null)
            _errors.Add($"{path}:{nameof(options.Parameters)}", "is for an integration in code: the path's braces name the arguments; leave it out");
        var region = RegionOf(path, integration.Name, integration.Options, name);
        var policy = new RegionPolicy
        {
            Region = region,
            Coherence = options.Coherence,
            Durability = options.Durability,
            Strategy = options.Strategy,
            FreshFor = options.FreshFor,
            StaleFor = options.StaleFor ?? (options is { Strategy: Strategy.Eager, FreshFor: not null } ? EagerStaleFor : TimeSpan.Zero),
            UnreadPeriods = options.UnreadPeriods,
            AbsentFor = options.AbsentFor,
            Jitter = options.Jitter,
            KeepPrevious = options.KeepPrevious ?? options.Strategy == Strategy.Eager,
            MaxEntries = options.MaxEntries,
            MaxBytes = options.MaxBytes,
            WhenUnproven = options.WhenUnproven,
            Integration = integration.Name,
            Method = name,
        };
        RegionRules.Check(path, policy, _errors);
        if (policy is { Strategy: Strategy.Background or Strategy.Eager, FreshFor: null } && !_errors.Concern($"{path}:{nameof(options.FreshFor)}"))
            _errors.Add($"{path}:{nameof(options.FreshFor)}", null, $"{policy.Strategy} refreshes past it; set a time, or another Strategy");
        if (options is { Strategy: Strategy.Eager, StaleFor: { Ticks: 0 } })
            _errors.Add($"{path}:{nameof(options.StaleFor)}", options.StaleFor, "past FreshFor readers have the old value until the silo has loaded the new one; set a time, or leave it out for a day");
        if (options.UnreadPeriods < 1)
            _errors.Add($"{path}:{nameof(options.UnreadPeriods)}", options.UnreadPeriods, "set 1 or more");
        _policies[region] = policy;
        return new()
        {
            Name = name,
            Region = region,
            Verb = verb,
            Path = template,
            Parameters = parameters,
            Many = options is { Many: null } or { Writes: not null } or { Invalidates: not null } ? null : ManyRules.Read($"{path}:{nameof(options.Many)}", options.Many, integration.InCode, parameters, _errors),
            Tags = TagTemplates.Read($"{path}:{nameof(options.Tags)}", options.Tags, integration.InCode || template is not null ? parameters : null, _errors),
            Resilience = Narrowed(wider, path, options, options.Resilience),
            HasOwnBreaker = options.CircuitBreaker is not null || (options.Resilience is { } shared && _shared.GetValueOrDefault(shared)?.CircuitBreaker is not null),
        };
    }

    /// <summary>A wider place's settings, with those of the named section over them, with those set here over these.</summary>
    private ResilienceSettings Narrowed(ResilienceSettings wider, string path, ResilienceOptions here, string? shared)
    {
        ResilienceOptions? named = null;
        if (shared is not null && !_shared.TryGetValue(shared, out named))
            _errors.Add($"{path}:{nameof(IntegrationOptions.Resilience)}", shared, $"there is no section {_root}:{ResilienceSection}:{shared}; {(_shared.Count == 0 ? "add it" : DidYouMean.Hint(shared, _shared.Keys))}");
        ResilienceRules.Check(path, here, _errors);
        var settings = wider.With(named).With(here);
        if ((settings.Timeout, settings.AttemptTimeout) != (wider.Timeout, wider.AttemptTimeout))
            IntegrationRules.Check(path, settings, _errors);
        return settings;
    }

    private static RateLimitPolicy? PolicyOf(RateLimitOptions? options)
    {
        if (options is null)
            return null;
        var limits = new RateLimits(options.PerSecond, options.PerMinute, options.PerHour, options.PerDay, options.BackgroundShare, options.Margin);
        return limits.IsUnlimited ? null : new() { Limits = limits, MaxWait = options.MaxWait, OnMiss = options.OnMiss };
    }

    private HttpSettings? Http(string path, IntegrationOptions options)
    {
        if (options.Methods.Count == 0 && string.IsNullOrEmpty(options.BaseAddress))
            return null;        // A limiter alone, for loads that callers make themselves.
        foreach (var (name, value) in options.Headers)
            IntegrationRules.Header($"{path}:{nameof(options.Headers)}:{name}", name, value, _errors);
        if (options.PooledConnectionLifetime <= TimeSpan.Zero)
            _errors.Add($"{path}:{nameof(options.PooledConnectionLifetime)}", options.PooledConnectionLifetime, "set a time over zero");
        return IntegrationRules.BaseAddress($"{path}:{nameof(options.BaseAddress)}", options.BaseAddress, _errors) is not { } address ? null : new()
        {
            BaseAddress = address,
            PooledConnectionLifetime = options.PooledConnectionLifetime,
            Headers = options.Headers.ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase),
        };
    }

    private HttpSettings? NoHttp(string path, IntegrationOptions options)
    {
        if (options.BaseAddress is { } address)
            _errors.Add($"{path}:{nameof(options.BaseAddress)}", address, "this integration is in code and makes its calls itself; leave it out");
        return null;
    }

    private (HttpMethod Verb, CallTemplate? Path) PathOf(string path, MethodOptions options)
    {
        (HttpMethod Verb, string Name, string? Text)[] verbs =
        [
            (HttpMethod.Get, nameof(options.Get), options.Get), (HttpMethod.Post, nameof(options.Post), options.Post), (HttpMethod.Put, nameof(options.Put), options.Put),
            (HttpMethod.Patch, nameof(options.Patch), options.Patch), (HttpMethod.Delete, nameof(options.Delete), options.Delete),
        ];
        var set = verbs.Where(verb => verb.Text is not null).ToArray();
        if (set.Length != 1)
        {
            _errors.Add(path, set.Length == 0
                ? "says nothing of its call: set Get to a path such as 'countries/{code}' (or Post, Put, Patch, Delete)"
                : $"has {string.Join(" and ", set.Select(verb => verb.Name))}: a method makes one call; keep one of them");
            return (HttpMethod.Get, null);
        }

        var template = CallTemplate.ParsePath(set[0].Text!, out var error);
        if (template is null)
            _errors.Add($"{path}:{set[0].Name}", set[0].Text, $"it {error}");
        return (set[0].Verb, template);
    }

    private ImmutableArray<ParameterDescription> ParametersInCode(string path, MethodOptions options)
    {
        foreach (var (name, text) in new[] { (nameof(options.Get), options.Get), (nameof(options.Post), options.Post), (nameof(options.Put), options.Put), (nameof(options.Patch), options.Patch), (nameof(options.Delete), options.Delete) })
        {
            if (text is not null)
                _errors.Add($"{path}:{name}", text, "this integration is in code and has no paths; name its arguments in Parameters");
        }

        var names = options.Parameters ?? [];
        if (names.Select(name => name.TrimEnd('?')).GroupBy(name => name).FirstOrDefault(name => name.Key.Length == 0 || name.Count() > 1) is { } wrong)
            _errors.Add($"{path}:{nameof(options.Parameters)}", string.Join(", ", names), wrong.Key.Length == 0 ? "name each one" : $"name '{wrong.Key}' once");
        return [.. names.Select(name => new ParameterDescription(name.TrimEnd('?'), name.EndsWith('?')))];
    }

    private string RegionOf(string path, string integration, IntegrationOptions options, string method)
    {
        try
        {
            return RegionName.OfMethod(options.Service, options.ServiceVersion, integration, method);
        }
        catch (ArgumentException e)
        {
            _errors.Add(path, $"has no valid region name: shorten or correct Service, ServiceVersion or the method's name. {e.Message.TrimEnd('.')}");
            return "";
        }
    }
}
