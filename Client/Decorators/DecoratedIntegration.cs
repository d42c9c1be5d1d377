using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OrleansCache;

/// <summary>One interface's methods, each with the strategy that holds now. A changed configuration takes its place if all of it is valid.</summary>
internal sealed class DecoratedIntegration<TApi> : IDisposable
    where TApi : class
{
    private readonly DecoratedInterface.Registration<TApi> _registration;
    private readonly DecoratedName<TApi> _name;
    private readonly IOrleansCache _cache;
    private readonly CachedIntegrationOptions _options;
    private readonly IConfiguration _configuration;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger _logger;
    private readonly DecoratedCall[] _calls;
    private readonly IDisposable _watch;
    private readonly Lock _reloading = new();

    public DecoratedIntegration(
        DecoratedName<TApi> name, IOrleansCache cache, IOptionsMonitor<CachedIntegrationOptions> options, IConfiguration configuration, IServiceScopeFactory scopes, ILogger<OrleansCacheClient> logger)
    {
        (_name, _cache, _configuration, _scopes, _logger) = (name, cache, configuration, scopes, logger);
        _registration = DecoratedInterface.Find<TApi>();
        _options = options.Get(name.Value);
        var read = configuration.GetReloadToken();
        var strategies = Strategies(out var errors);
        if (errors.Any)
            throw new OptionsValidationException(name.Value, typeof(CachedIntegrationOptions), errors.All);
        _calls = [.. _registration.Methods.Select((method, i) => new DecoratedCall(cache, name.Value, method.Name, strategies[i], method.Known))];
        _watch = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
        if (read.HasChanged)
            Reload();       // since it was read above, and before it was watched
    }

    public TApi Resolve(IServiceProvider services) => (TApi)services.GetRequiredService(_name.Implementation);

    public TApi Make(IServiceProvider services) => _registration.Make(new(this, services));

    public void Dispose() => _watch.Dispose();

    public ValueTask<T> CallAsync<TState, T>(
        int method, in CallArguments arguments, TState state, Func<TState, CancellationToken, ValueTask<T>> call, Func<CancellationToken, ValueTask<string?>>? version, CancellationToken ct) =>
        _calls[method].CallAsync(arguments, KeyOf(method, arguments), state, call, ct, version);

    /// <summary>Calls an instance in a scope of its own: who shares the result may outlive who asked.</summary>
    public async ValueTask<T> InScopeAsync<TState, T>(Func<TApi, TState, CancellationToken, ValueTask<T>> call, TState state, CancellationToken ct)
    {
        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
            return await call(Resolve(scope.ServiceProvider), state, ct).ConfigureAwait(false);
    }

    public async ValueTask InvalidateAsync(int invalidation, CallArguments arguments)
    {
        var what = _registration.Invalidations[invalidation];
        if (arguments.Fill(what.Tags) is { Length: > 0 } tags)
            await _cache.RemoveByTagAsync(tags, CancellationToken.None).ConfigureAwait(false);
        foreach (var method in what.Methods)
        {
            var own = new CallArguments([.. arguments.Bound.Where(argument => _registration.Methods[method].Parameters.Contains(argument.Name))]);
            await _calls[method].RemoveAsync(own, KeyOf(method, own), CancellationToken.None).ConfigureAwait(false);
        }
    }

    private string? KeyOf(int method, in CallArguments arguments) =>
        _options.Keys.TryGetValue(_registration.Methods[method].Name, out var key) ? key(arguments.ByName()) : null;

    private CacheStrategy[] Strategies(out ConfigurationErrors errors)
    {
        errors = new();
        return DecoratedSettings.Read(_configuration, _name.Value, _name.IsClient, _registration.Methods, _options, errors);
    }

    private void Reload()
    {
        lock (_reloading)
        {
            var strategies = Strategies(out var errors);
            foreach (var error in errors.All)
                _logger.StrategyReloadRefused(error);
            for (var i = 0; i < _calls.Length && !errors.Any; i++)
                _calls[i].Follow(strategies[i], _registration.Methods[i].Known);
        }
    }
}

/// <summary>An interface's integration, and the class behind it.</summary>
internal sealed record DecoratedName<TApi>(string Value, Type Implementation, bool IsClient);
