using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>A clock that moves when told to.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        for (var end = _now + by.Ticks; ;)
        {
            Timer? next;
            lock (_timers)
                next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
            if (next is null)
            {
                Volatile.Write(ref _now, end);
                return;
            }
            Volatile.Write(ref _now, Math.Max(_now, next.Due));
            next.Fire();
        }
    }

    private sealed class Timer(ManualClock clock, Action callback) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._timers)
            {
                clock._timers.Remove(this);
                (_period, Due) = (period, dueTime < TimeSpan.Zero ? long.MaxValue : clock.GetTimestamp() + dueTime.Ticks);
                if (Due != long.MaxValue)
                    clock._timers.Add(this);
            }
            return true;
        }

        public void Fire()
        {
            Change(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan, _period);
            callback();
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}

/// <summary>What the engine logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(int Id, string Text)> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, formatter(state, exception)));

    public void Dispose() { }
}

/// <summary>A silo and as many clients as a test wants.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];

    public LogLines Log { get; } = new();

    public SiloRuntime Silo => _hosts[0].Services.GetRequiredService<SiloRuntime>();

    public IPEndPoint Endpoint => Silo.Listener.Endpoint!;

    public static async Task<Rig> StartAsync(Action<EngineSiloOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var rig = new Rig();
        await rig.AddAsync(s =>
        {
            s.AddEngineSilo(o =>
            {
                o.Endpoint = new(IPAddress.Loopback, 0);
                options?.Invoke(o);
            });
            s.AddEngineMemoryStorage();
            services?.Invoke(s);
        });
        return rig;
    }

    public async Task<IHost> AddAsync(Action<IServiceCollection> services)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(Log);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));     // some grains never let go
        services(builder.Services);
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    public async Task<IClusterClient> ClientAsync(Action<EngineClientOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var host = await AddAsync(s =>
        {
            s.AddEngineClient(o =>
            {
                o.Endpoints.Add(Endpoint);
                options?.Invoke(o);
            });
            services?.Invoke(s);
        });
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public async Task StopSiloAsync() => await _hosts[0].StopAsync();

    public async Task<string> LineAsync(int id, string? containing = null)
    {
        (int, string Text) line = (0, "");
        await Wait.UntilAsync(() => (line = Log.Lines.FirstOrDefault(l => l.Id == id && (containing is null || l.Text.Contains(containing, StringComparison.Ordinal)))).Text is not null, $"log event {id} {containing}");
        return line.Text;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}

internal static class Wait
{
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(begin) > TimeSpan.FromSeconds(30))
                Assert.Fail($"This did not happen within 30 s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
