using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

[Alias("tests.ticking")]
internal interface ITickingGrain : IGrainWithStringKey
{
    Task StartAsync(bool keepAlive);

    Task ChangeAsync(TimeSpan dueTime, TimeSpan period);

    Task<int> TicksAsync();

    Task WaitAsync();

    [AlwaysInterleave] Task EndAsync();

    Task ForgetAsync();
}

/// <summary>Ticks each second, as the test says.</summary>
internal sealed class TickingGrain : Grain, ITickingGrain
{
    private IGrainTimer? _timer;
    private int _ticks;

    /// <summary>By the grain's key: what its ticks do.</summary>
    public static ConcurrentDictionary<string, Func<IGrainTimer, int, CancellationToken, Task>> Ticks { get; } = [];

    /// <summary>What ends the calls that wait.</summary>
    public static ConcurrentDictionary<string, Task> Gates { get; } = [];

    public static ConcurrentDictionary<string, WeakReference> Ended { get; } = [];

    public Task StartAsync(bool keepAlive)
    {
        _timer = this.RegisterGrainTimer(TickAsync, new() { DueTime = TimeSpan.FromSeconds(1), Period = TimeSpan.FromSeconds(1), KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task ChangeAsync(TimeSpan dueTime, TimeSpan period)
    {
        _timer!.Change(dueTime, period);
        return Task.CompletedTask;
    }

    public Task<int> TicksAsync() => Task.FromResult(_ticks);

    public Task WaitAsync() => Gates[this.GetPrimaryKeyString()];

    public Task EndAsync()
    {
        _timer!.Dispose();
        Ended[this.GetPrimaryKeyString()] = new(_timer);
        return Task.CompletedTask;
    }

    public Task ForgetAsync()
    {
        _timer = null;
        return Task.CompletedTask;
    }

    private Task TickAsync(CancellationToken cancellationToken)
    {
        _ticks++;
        return Ticks.TryGetValue(this.GetPrimaryKeyString(), out var tick) ? tick(_timer!, _ticks, cancellationToken) : Task.CompletedTask;
    }
}

public sealed class TimerTests : IAsyncLifetime
{
    private const int MaxCalls = 4;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CollectionAge = 16 * Second;
    private readonly ManualTimeProvider _clock = new();
    private Rig _rig = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _rig = await Rig.StartAsync(o => (o.CollectionAge, o.MaxCallsPerGrain) = (CollectionAge, MaxCalls), s => s.AddSingleton<TimeProvider>(_clock));

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_timer_that_is_moved_in_its_tick_goes_by_that_and_a_tick_under_way_hears_of_its_end()
    {
        var grain = await StartAsync(static (timer, tick, ct) =>
        {
            if (tick > 1)
                return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            timer.Change(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        });
        _clock.Advance(Second);
        await TickedAsync(grain, 1);

        _clock.Advance(5 * Second);
        await TickedAsync(grain, 1);
        _clock.Advance(5 * Second);
        await grain.EndAsync();

        await TickedAsync(grain, 2);
        Assert.DoesNotContain(_rig.Log.Lines, static line => line.Id == 104);
    }

    [Fact]
    public async Task A_timer_that_is_moved_in_a_tick_which_lasts_beyond_that_ticks_again()
    {
        var (begun, gate) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var grain = await StartAsync((timer, tick, _) =>
        {
            if (tick > 1)
                return Task.CompletedTask;
            timer.Change(Second, Timeout.InfiniteTimeSpan);
            begun.SetResult();
            return gate.Task;
        });
        _clock.Advance(Second);
        await begun.Task.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct);
        _clock.Advance(5 * Second);

        gate.SetResult();
        await TickedAsync(grain, 1);
        _clock.Advance(Second);

        await TickedAsync(grain, 2);
    }

    [Fact]
    public async Task A_tick_that_waits_when_its_timer_ends_is_not_run()
    {
        var grain = await StartAsync();
        var gate = Hold();
        var call = grain.WaitAsync();
        _clock.Advance(Second);

        await grain.EndAsync();
        gate.SetResult();
        await call;

        await TickedAsync(grain, 0);
    }

    [Fact]
    public async Task A_tick_that_fails_is_told_and_the_next_comes_as_planned()
    {
        var grain = await StartAsync(static (_, tick, _) => tick == 1 ? throw new InvalidOperationException("The first fails.") : Task.CompletedTask);
        await grain.ChangeAsync(5 * Second, Second);
        _clock.Advance(5 * Second);
        await _rig.LineAsync(104);
        await TickedAsync(grain, 1);

        _clock.Advance(Second);

        await TickedAsync(grain, 2);
    }

    [Fact]
    public async Task A_tick_that_a_grain_full_of_calls_refuses_is_followed_by_the_next()
    {
        var grain = await StartAsync();
        var gate = Hold();
        var calls = Enumerable.Range(0, MaxCalls).Select(_ => grain.WaitAsync()).ToList();
        _clock.Advance(Second);
        gate.SetResult();
        await Task.WhenAll(calls);
        await TickedAsync(grain, 0);

        _clock.Advance(Second);

        await TickedAsync(grain, 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ticks_put_the_collection_off_only_where_they_are_to_keep_the_grain_alive(bool keepAlive)
    {
        await StartAsync(keepAlive: keepAlive);
        var armed = _clock.ActiveTimers;

        for (var passed = TimeSpan.Zero; passed < 3 * CollectionAge; passed += Second)
        {
            _clock.Advance(Second);
            await Eventually.TrueAsync(() => _clock.ActiveTimers == armed || _rig.Silo.ActivationCount == 0, what: "the tick has ended", cancellationToken: Ct);
        }

        Assert.Equal(keepAlive ? 1 : 0, _rig.Silo.ActivationCount);
    }

    [Fact]
    public async Task A_grain_lets_a_timer_go_that_has_ended()
    {
        var grain = await StartAsync();
        await grain.EndAsync();
        await grain.ForgetAsync();

        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !TickingGrain.Ended[nameof(A_grain_lets_a_timer_go_that_has_ended)].IsAlive;
            },
            cancellationToken: Ct);
        await grain.TicksAsync();
    }

    [Theory]
    [InlineData(-5, 1000)]
    [InlineData(1000, -5)]
    public async Task A_timer_is_not_set_to_a_time_that_is_none(int dueTime, int period)
    {
        var grain = await StartAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.ChangeAsync(TimeSpan.FromMilliseconds(dueTime), TimeSpan.FromMilliseconds(period)));

        _clock.Advance(Second);
        await TickedAsync(grain, 1);
    }

    [Fact]
    public async Task A_timer_that_has_ended_is_set_no_more()
    {
        var grain = await StartAsync();
        await grain.EndAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => grain.ChangeAsync(Second, Second));
    }

    [Fact]
    public async Task A_clock_that_fires_once_more_as_a_timer_is_changed_makes_no_second_tick()
    {
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(new TwiceClock(_clock)));
        var grain = rig.Silo.GetGrain<ITickingGrain>("twice");
        var gate = Hold("twice");
        await grain.StartAsync(keepAlive: false);
        var call = grain.WaitAsync();

        _clock.Advance(Second);
        gate.SetResult();
        await call;

        await TickedAsync(grain, 1);
    }

    private static TaskCompletionSource Hold([CallerMemberName] string key = "")
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TickingGrain.Gates[key] = gate.Task;
        return gate;
    }

    private async Task<ITickingGrain> StartAsync(Func<IGrainTimer, int, CancellationToken, Task>? tick = null, bool keepAlive = false, [CallerMemberName] string key = "")
    {
        if (tick is not null)
            TickingGrain.Ticks[key] = tick;
        var grain = _rig.Silo.GetGrain<ITickingGrain>(key);
        await grain.StartAsync(keepAlive);
        return grain;
    }

    private static async Task TickedAsync(ITickingGrain grain, int ticks) =>
        Assert.Equal(ticks, await grain.TicksAsync().WaitAsync(Eventually.Deadline, TimeProvider.System, Ct));

    private sealed class TwiceClock(TimeProvider inner) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(
            timer =>
            {
                callback(timer);
                callback(timer);
            },
            state, dueTime, period);
    }
}
