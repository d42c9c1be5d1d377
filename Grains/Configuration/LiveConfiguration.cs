using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OrleansCache;

/// <summary>The settings that hold now. A changed configuration takes their place if all of it is valid; else the old one stays and the errors are logged.</summary>
internal sealed class LiveConfiguration : IRateLimits, IDisposable
{
    private readonly IConfigurationSection _root;
    private readonly CodeIntegration[] _code;
    private readonly InterfaceIntegration[] _interfaces;
    private readonly ILogger _logger;
    private readonly IDisposable _watch;
    private readonly Lock _reloading = new();
    private readonly Dictionary<string, string> _atStart;
    private Dictionary<string, string> _seen;
    private volatile CacheSettings _current;

    /// <exception cref="OptionsValidationException">The configuration is wrong; it has all errors.</exception>
    public LiveConfiguration(ConfiguredRoot root, IEnumerable<CodeIntegration> code, IEnumerable<InterfaceIntegration> interfaces, ILogger<LiveConfiguration> logger)
    {
        (_root, _code, _interfaces, _logger) = (root.Section, [.. code], [.. interfaces], logger);
        var errors = new ConfigurationErrors();
        _current = CacheSettings.Read(SilosOwn.Of(_root, _interfaces), _code, number: 1, errors);
        if (errors.Any)
            throw new OptionsValidationException(Options.DefaultName, typeof(CacheConfiguration), errors.All);
        _seen = _atStart = StartOnly();
        _watch = ChangeToken.OnChange(_root.GetReloadToken, Reload);
    }

    /// <summary>Raised when a changed configuration has been taken up; handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    public CacheSettings Current => _current;

    public RateLimitPolicy? For(string limiter) => _current.Integrations.GetValueOrDefault(limiter)?.Limit;

    public bool Knows(string limiter) => _current.Integrations.ContainsKey(limiter);

    public void Dispose() => _watch.Dispose();

    /// <summary>Has one integration more, until that is disposed of or the configuration changes.</summary>
    public IDisposable Lend(Integration integration, RegionPolicy region)
    {
        lock (_reloading)
        {
            var before = _current;
            return new Loan(this, before, _current = before.With(integration, region));
        }
    }

    private void Reload()
    {
        lock (_reloading)
        {
            var errors = new ConfigurationErrors();
            var next = CacheSettings.Read(SilosOwn.Of(_root, _interfaces), _code, _current.Number + 1, errors);
            foreach (var error in errors.All)
                _logger.ReloadRefused(error);
            TellStartOnly();
            if (errors.Any)
                return;
            _current = next;
            _logger.Reloaded(next.Integrations.Count, next.Regions.Count);
            Changed?.Invoke();
        }
    }

    /// <summary>The settings that are read at the start alone.</summary>
    private Dictionary<string, string> StartOnly() => _root.GetChildren()
        .Where(section => !CacheSettings.LiveSections.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
        .SelectMany(section => section.AsEnumerable())
        .Where(pair => pair.Value is not null)
        .ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.OrdinalIgnoreCase);

    private void TellStartOnly()
    {
        var now = StartOnly();
        foreach (var path in now.Keys.Union(_seen.Keys, StringComparer.OrdinalIgnoreCase))
        {
            var value = now.GetValueOrDefault(path);
            if (value != _seen.GetValueOrDefault(path) && value != _atStart.GetValueOrDefault(path))
                _logger.NeedsRestart(path);
        }

        _seen = now;
    }

    private sealed class Loan(LiveConfiguration configuration, CacheSettings before, CacheSettings lent) : IDisposable
    {
        public void Dispose()
        {
            lock (configuration._reloading)
            {
                if (configuration._current == lent)
                    configuration._current = before with { Number = lent.Number + 1 };
            }
        }
    }
}

/// <summary>The section that everything is configured below: <c>OrleansCache</c>.</summary>
internal sealed record ConfiguredRoot(IConfigurationSection Section);

/// <summary>Checks regions and integrations before the host starts.</summary>
internal sealed class CacheSettingsValidator(ConfiguredRoot root, IEnumerable<CodeIntegration> code, IEnumerable<InterfaceIntegration> interfaces) : IValidateOptions<CacheConfiguration>
{
    public ValidateOptionsResult Validate(string? name, CacheConfiguration options)
    {
        var errors = new ConfigurationErrors();
        CacheSettings.Read(SilosOwn.Of(root.Section, interfaces), code, number: 0, errors);
        return errors.Any ? ValidateOptionsResult.Fail(errors.All) : ValidateOptionsResult.Success;
    }
}
