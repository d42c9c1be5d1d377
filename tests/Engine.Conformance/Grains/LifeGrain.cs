using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

[Alias("conformance.life")]
internal interface ILifeGrain : IGrainWithStringKey
{
    Task<string> IdentityAsync();
    Task<string> LeaveAsync();
    Task<string> LeaveAndWaitAsync();
    Task StayAsync(TimeSpan time);
    Task<int> TickAsync(TimeSpan due, TimeSpan period, bool interleave);
    [AlwaysInterleave] Task<int> TicksAsync();
    Task StopTimerAsync();
    Task ChangeTimerAsync(TimeSpan due, TimeSpan period);
    Task<int> TicksWhileWaitingAsync(TimeSpan time);
    Task<bool> TimerRunsInContextAsync();
}

[Alias("conformance.failing")]
internal interface IFailingGrain : IGrainWithStringKey
{
    Task<string> IdentityAsync();
}

internal sealed class LifeGrain(Journal journal, [FromKeyedServices("test")] IGrainStorage storage) : Grain, ILifeGrain
{
    private readonly string _identity = Guid.NewGuid().ToString();
    private IGrainTimer? _timer;
    private int _ticks;
    private bool? _inContext;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        await Task.Yield();
        journal.FirstLives.TryAdd(this.GetPrimaryKeyString(), new(this));
        journal.Note(this.GetPrimaryKeyString(), "activated " + _identity);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        journal.Note(this.GetPrimaryKeyString(), $"deactivated {_identity} {reason.ReasonCode}");
    }

    public Task<string> IdentityAsync()
    {
        journal.Note(this.GetPrimaryKeyString(), "called " + _identity);
        return Task.FromResult(_identity);
    }

    public Task<string> LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.FromResult(_identity);
    }

    public async Task<string> LeaveAndWaitAsync()
    {
        DeactivateOnIdle();
        journal.Note(this.GetPrimaryKeyString(), "leaving " + _identity);
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        journal.Note(this.GetPrimaryKeyString(), "left " + _identity);
        return _identity;
    }

    public Task StayAsync(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public Task<int> TickAsync(TimeSpan due, TimeSpan period, bool interleave)
    {
        var scheduler = TaskScheduler.Current;
        _timer = this.RegisterGrainTimer(static async (state, token) =>
        {
            var (grain, expected) = state;
            await Task.Yield();
            grain._inContext = TaskScheduler.Current == expected;
            grain._ticks++;
            journalTick(grain);
        }, (this, scheduler), new GrainTimerCreationOptions { DueTime = due, Period = period, Interleave = interleave });
        return Task.FromResult(_ticks);

        static void journalTick(LifeGrain grain) => grain.Note("tick");
    }

    public Task<int> TicksAsync() => Task.FromResult(_ticks);

    public Task StopTimerAsync()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task ChangeTimerAsync(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public async Task<int> TicksWhileWaitingAsync(TimeSpan time)
    {
        var before = _ticks;
        await Task.Delay(time, TimeProvider.System);
        return _ticks - before;
    }

    public Task<bool> TimerRunsInContextAsync() => Task.FromResult(_inContext == true);

    private void Note(string what) => journal.Note(this.GetPrimaryKeyString(), what);
}

internal sealed class FailingGrain(Journal journal) : Grain, IFailingGrain
{
    private readonly string _identity = Guid.NewGuid().ToString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Note(this.GetPrimaryKeyString(), "tried");
        return journal.Of(this.GetPrimaryKeyString()).Length > 1 ? Task.CompletedTask : throw new OrderRefusedException("Not the first time.");
    }

    public Task<string> IdentityAsync() => Task.FromResult(_identity);
}
