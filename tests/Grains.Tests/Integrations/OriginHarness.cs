using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>The product's own registration over a configuration of the test's, with limiter grains that need no engine.</summary>
internal sealed class OriginHarness : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Memory _memory;

    private OriginHarness(ServiceProvider services, Memory memory, TestMeters meters, Logs logs) =>
        (_services, _memory, Meters, Logged) = (services, memory, meters, logs);

    public TestMeters Meters { get; }

    public Logs Logged { get; }

    public OriginCaller Caller => _services.GetRequiredService<OriginCaller>();

    public LimiterGrains Limiters => _services.GetRequiredService<LimiterGrains>();

    /// <summary>How many permits were given.</summary>
    public int Grants => Limiters.Of("partner").Seen.Count(seen => seen.Reply.Status == PermitStatus.Granted);

    public FakeTurn Turn => _services.GetRequiredService<FakeTurn>();

    public FakeTagLog Tags => _services.GetRequiredService<FakeTagLog>();

    public IRegionPolicies Policies => _services.GetRequiredService<IRegionPolicies>();

    public LiveConfiguration Configuration => _services.GetRequiredService<LiveConfiguration>();

    /// <param name="settings">Below <c>OrleansCache:Integrations:partner</c>, or from <c>OrleansCache:</c> on.</param>
    /// <param name="clock">The system's when null.</param>
    /// <param name="more">Other registrations.</param>
    public static OriginHarness Make(Dictionary<string, string?> settings, TimeProvider? clock = null, Action<IServiceCollection>? more = null)
    {
        var memory = new Memory(settings);
        var section = new ConfigurationBuilder().Add(memory).Build().GetSection("OrleansCache");
        var (meters, logs) = (new TestMeters(), new Logs());
        var services = new ServiceCollection();
        services.AddSingleton<IMeterFactory>(meters);
        services.AddLogging(logging => logging.AddProvider(logs).SetMinimumLevel(LogLevel.Debug));
        services.AddSingleton(clock ?? TimeProvider.System);
        services.AddSingleton(provider => new LimiterGrains(provider.GetRequiredService<IRateLimits>, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<RateLimiterMetrics>()));
        var turn = FakeTurn.Make();
        services.AddSingleton(turn);
        services.AddSingleton<FakeTagLog>();
        services.AddSingleton<ITagLog>(provider => provider.GetRequiredService<FakeTagLog>());
        services.AddSingleton(provider => GrainsByKey.Of<IGrainFactory>((grain, name) => grain == typeof(IEntryGrain) ? turn.Entry : provider.GetRequiredService<LimiterGrains>().Of(name)));
        more?.Invoke(services);
        services.AddIntegrations(section);
        services.AddRegions(section);
        return new(services.BuildServiceProvider(), memory, meters, logs);
    }

    /// <summary>With one method, <c>country</c>, of that origin.</summary>
    public static OriginHarness Over(TestOrigin origin, Dictionary<string, string?> settings, TimeProvider clock) =>
        Make(new(settings) { ["BaseAddress"] = origin.Address, ["Methods:country:Get"] = "countries/{code}" }, clock);

    /// <summary>Changes settings as a changed file does.</summary>
    public void Reconfigure(Dictionary<string, string?> settings) => _memory.Change(settings);

    public Task<OriginResult> CallAsync(string method = "country", bool background = false, string? eTag = null, params (string Name, string? Value)[] arguments) =>
        CallAsync(TestContext.Current.CancellationToken, method, background, eTag, arguments);

    public Task<OriginResult> CallAsync(CancellationToken ct, string method = "country", bool background = false, string? eTag = null, params (string Name, string? Value)[] arguments) =>
        Caller.CallAsync(
            new()
            {
                Policy = Policies.For(RegionName.OfMethod("default", "1.0", "partner", method)) is { Integration: not null } policy
                    ? policy : new() { Region = "?", Integration = "partner", Method = method },
                Arguments = [.. arguments.DefaultIfEmpty(("code", "NL")).Select(argument => new CallArgument(argument.Item1, argument.Item2))],
                Background = background,
                ETag = eTag,
            },
            ct);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Meters.Dispose();
    }

    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, null, TestContext.Current.CancellationToken, what);

    /// <summary>Runs the call while the manual clock moves on, a step whenever somebody waits on it.</summary>
    public static async Task<T> DriveAsync<T>(Task<T> call, ManualTimeProvider clock, TimeSpan step)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!call.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Eventually.Deadline, "the call did not end");
            // Ready work goes before the clock, or permits would be too old where threads are late.
            for (var tries = 0; tries == 0 || (tries < 5 && ThreadPool.PendingWorkItemCount > 0); tries++)
                await Task.WhenAny(call, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
            clock.Advance(step);
        }

        return await call;
    }

    private sealed class Memory : ConfigurationProvider, IConfigurationSource
    {
        public Memory(Dictionary<string, string?> settings) => Set(settings);

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public void Change(Dictionary<string, string?> settings)
        {
            Set(settings);
            OnReload();
        }

        private void Set(Dictionary<string, string?> settings)
        {
            foreach (var (key, value) in settings)
            {
                var path = key.StartsWith("OrleansCache:", StringComparison.Ordinal) ? key : $"OrleansCache:Integrations:partner:{key}";
                if (value is null)
                    Data.Remove(path);
                else
                    Data[path] = value;
            }
        }
    }
}

/// <summary>What was logged, as text with its event's number before it.</summary>
internal sealed class Logs : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public int Count(int eventId) => Lines.Count(line => line.StartsWith($"{eventId} ", StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{eventId.Id} {formatter(state, exception)}");

    public void Dispose()
    {
    }
}
