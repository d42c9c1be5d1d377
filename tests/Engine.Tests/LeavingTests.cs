using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

[Alias("tests.leaving")]
internal interface ILeavingGrain : IGrainWithStringKey
{
    Task LeaveAsync();
}

internal sealed class LeavingGrain : Grain, ILeavingGrain, IAsyncDisposable
{
    public static ConcurrentQueue<string> Steps { get; } = [];

    public async Task LeaveAsync()
    {
        this.RegisterGrainTimer(static _ => Task.CompletedTask, new() { DueTime = TimeSpan.FromDays(1), Period = TimeSpan.FromDays(1) });
        DeactivateOnIdle();
        await Task.Yield();
        await Task.Yield();
        Steps.Enqueue("the call ended");
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Steps.Enqueue("the grain left");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Steps.Enqueue("it was disposed of");
        return default;
    }
}

[Alias("tests.hesitant")]
internal interface IHesitantGrain : IGrainWithStringKey
{
    Task<int> LifeAsync();
    Task StayAsync(TimeSpan time);
}

/// <summary>Its first life ends while it begins, or never gets so far.</summary>
internal sealed class HesitantGrain : Grain, IHesitantGrain, IDisposable
{
    private static readonly ConcurrentDictionary<string, int> Lives = new();
    private int _life;

    public static TaskCompletionSource Slow { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static ConcurrentQueue<(string Key, int Life)> Disposed { get; } = [];

    public static TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        _life = Lives.AddOrUpdate(key, 1, static (_, life) => life + 1);
        if (_life > 1)
            return Task.CompletedTask;
        if (key == "slow")
            return Slow.Task;
        if (key == "stuck")
        {
            cancellationToken.Register(Cancelled.SetResult);
            return new TaskCompletionSource().Task;
        }
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<int> LifeAsync() => Task.FromResult(_life);

    public Task StayAsync(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public void Dispose() => Disposed.Enqueue((this.GetPrimaryKeyString(), _life));
}

public sealed class LeavingTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grain_leaves_once_its_last_call_has_ended_takes_its_timers_along_and_is_disposed_of()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        var timers = clock.ActiveTimers;

        await rig.Silo.GetGrain<ILeavingGrain>("a").LeaveAsync();
        await Eventually.TrueAsync(() => LeavingGrain.Steps.Count == 3 && rig.Silo.ActivationCount == 0, cancellationToken: Ct);

        Assert.Equal(["the call ended", "the grain left", "it was disposed of"], LeavingGrain.Steps);
        Assert.Equal(timers, clock.ActiveTimers);
    }

    [Fact]
    public async Task A_grain_that_has_a_call_under_way_is_not_collected_however_long_it_takes()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(o => o.CollectionAge = TimeSpan.FromSeconds(1), s => s.AddSingleton<TimeProvider>(clock));
        var grain = rig.Silo.GetGrain<IWorkGrain>("a");
        var call = grain.WaitAsync("x");

        clock.Advance(TimeSpan.FromSeconds(5));
        await grain.OpenAsync().WaitAsync(Eventually.Deadline, TimeProvider.System, Ct);

        Assert.Equal("x", await call);
        clock.Advance(TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync(() => rig.Silo.ActivationCount == 0, cancellationToken: Ct);
    }

    [Fact]
    public async Task A_grain_that_leaves_while_it_begins_runs_no_call_in_that_life()
    {
        await using var rig = await Rig.StartAsync();

        Assert.Equal(2, await rig.Silo.GetGrain<IHesitantGrain>("brief").LifeAsync());
        await Eventually.TrueAsync(() => HesitantGrain.Disposed.Contains(("brief", 1)), cancellationToken: Ct);
    }

    [Fact]
    public async Task A_grain_that_does_not_come_to_life_is_given_up_at_the_response_timeout_and_told_so()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(services: s => s.AddSingleton<TimeProvider>(clock));
        var call = rig.Silo.GetGrain<IHesitantGrain>("stuck").LifeAsync();

        clock.Advance(TimeSpan.FromSeconds(31));

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await HesitantGrain.Cancelled.Task.WaitAsync(Eventually.Deadline, TimeProvider.System, Ct);
        await Eventually.TrueAsync(() => rig.Silo.ActivationCount == 0, cancellationToken: Ct);
        Assert.Equal(2, await rig.Silo.GetGrain<IHesitantGrain>("stuck").LifeAsync());
    }

    [Fact]
    public async Task A_grain_that_asked_to_stay_is_not_collected_before_that_time_is_over()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(o => o.CollectionAge = TimeSpan.FromSeconds(1), s => s.AddSingleton<TimeProvider>(clock));
        var grain = rig.Silo.GetGrain<IHesitantGrain>("staying");
        var life = await grain.LifeAsync();
        await grain.StayAsync(TimeSpan.FromSeconds(10));

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(life, await grain.LifeAsync());

        clock.Advance(TimeSpan.FromSeconds(3));
        await Eventually.TrueAsync(() => rig.Silo.ActivationCount == 0, cancellationToken: Ct);
    }

    [Fact]
    public async Task A_grain_is_idle_from_the_end_of_its_last_call()
    {
        var (clock, gate) = (new ManualTimeProvider(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var rig = await Rig.StartAsync(o => o.CollectionAge = TimeSpan.FromSeconds(1), s => s.AddSingleton<TimeProvider>(clock));
        TickingGrain.Gates["idle"] = gate.Task;
        var call = rig.Silo.GetGrain<ITickingGrain>("idle").WaitAsync();

        clock.Advance(TimeSpan.FromSeconds(5));
        gate.SetResult();
        await call;

        Assert.Equal(rig.Silo.Collector.Now, Assert.Single(rig.Silo.Activations).LastUsed);
    }

    [Fact]
    public async Task A_grain_that_begins_is_not_collected_however_long_it_takes()
    {
        var clock = new ManualTimeProvider();
        await using var rig = await Rig.StartAsync(o => o.CollectionAge = TimeSpan.FromSeconds(1), s => s.AddSingleton<TimeProvider>(clock));
        var call = rig.Silo.GetGrain<IHesitantGrain>("slow").LifeAsync();

        clock.Advance(TimeSpan.FromSeconds(5));
        HesitantGrain.Slow.SetResult();

        Assert.Equal(1, await call);
    }

    [Fact]
    public async Task A_silo_that_stops_begins_no_grain()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Silo.CloseAsync(new(DeactivationReasonCode.ShuttingDown, "The test."));

        var refused = await Assert.ThrowsAsync<SiloUnavailableException>(() => rig.Silo.GetGrain<IWorkGrain>("a").AddAsync(1, 2));

        Assert.Contains("is stopping", refused.Message, StringComparison.Ordinal);
    }
}
