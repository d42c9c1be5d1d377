namespace OrleansCache;

[Alias("conformance.turn")]
internal interface ITurnGrain : IGrainWithStringKey
{
    Task<int> CountAsync();
    Task<List<string>> LogAsync();
    Task StepAsync(string name, int awaits);
    Task WaitAsync();
    [AlwaysInterleave] Task OpenAsync();
    [AlwaysInterleave] Task<bool> IsWaitingAsync();
    [OneWay] Task NotifyAsync(string what);
    Task<bool> StaysInContextAsync();
    Task<string> TaskRunLeavesAsync();
    Task CallBackAsync(ITurnGrain through, int depth);
    Task<bool> CancelAsync(CancellationToken cancellationToken);
    Task<string> CancelledInTurnAsync(CancellationToken cancellationToken);
    [AlwaysInterleave] Task<string> OutcomeAsync();
    Task KeepTokenAsync(CancellationToken cancellationToken);
    Task<bool> IsKeptCancelledAsync();
}

[Alias("conformance.reentrant")]
internal interface IReentrantTurnGrain : ITurnGrain;

internal abstract class TurnGrainBase : Grain, ITurnGrain
{
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count, _inside;
    private bool _waiting;
    private string _outcome = "";
    private CancellationToken _kept;

    public Task<int> CountAsync() => Task.FromResult(++_count);

    public Task<List<string>> LogAsync() => Task.FromResult(_log);

    public async Task StepAsync(string name, int awaits)
    {
        for (var n = 0; n < awaits; n++)
        {
            if (Interlocked.Increment(ref _inside) != 1)
                _log.Add("TWO THREADS");
            _log.Add(name);
            Thread.SpinWait(100);
            Interlocked.Decrement(ref _inside);
            await Task.Yield();
        }
    }

    public async Task WaitAsync()
    {
        _waiting = true;
        await _gate.Task;
        _waiting = false;
    }

    public Task OpenAsync()
    {
        _gate.TrySetResult();
        return Task.CompletedTask;
    }

    public Task<bool> IsWaitingAsync() => Task.FromResult(_waiting);

    public async Task NotifyAsync(string what)
    {
        await _gate.Task;
        _log.Add("notified " + what);
        throw new InvalidOperationException("Nobody hears this.");
    }

    public async Task<bool> StaysInContextAsync()
    {
        var before = TaskScheduler.Current;
        await Task.Yield();
        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var inner = await Task.Factory.StartNew(() => TaskScheduler.Current, CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current);
        return before == TaskScheduler.Current && before == inner && before != TaskScheduler.Default;
    }

    public async Task<string> TaskRunLeavesAsync()
    {
        var scheduler = TaskScheduler.Current;
        var outside = await Task.Run(() => TaskScheduler.Current == TaskScheduler.Default);
        return $"{outside} {scheduler == TaskScheduler.Current}";
    }

    public async Task CallBackAsync(ITurnGrain through, int depth)
    {
        _count++;
        if (depth > 0)
            await through.CallBackAsync(this.AsReference<ITurnGrain>(), depth - 1);
    }

    public async Task<bool> CancelAsync(CancellationToken cancellationToken)
    {
        _waiting = true;
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _outcome = "cancelled";
            throw;
        }
        return true;
    }

    public async Task<string> CancelledInTurnAsync(CancellationToken cancellationToken)
    {
        var scheduler = TaskScheduler.Current;
        using var registration = cancellationToken.Register(() => _outcome = $"in turn: {TaskScheduler.Current == scheduler}");
        _waiting = true;
        await _gate.Task;
        return _outcome;
    }

    public Task<string> OutcomeAsync() => Task.FromResult(_outcome);

    public Task KeepTokenAsync(CancellationToken cancellationToken)
    {
        _kept = cancellationToken;
        return Task.CompletedTask;
    }

    public Task<bool> IsKeptCancelledAsync() => Task.FromResult(_kept.IsCancellationRequested);
}

internal sealed class TurnGrain : TurnGrainBase;

[Reentrant]
internal sealed class ReentrantTurnGrain : TurnGrainBase, IReentrantTurnGrain;
