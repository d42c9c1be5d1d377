namespace OrleansCache.Engine;

internal abstract class PersistentStateBase
{
    public abstract Task ReadStateAsync(CancellationToken cancellationToken);
}

/// <summary>A grain's state over its store. As on Orleans, calls go to the store one after the other, and one that waits takes
/// further calls of its kind in.</summary>
internal sealed class PersistentState<T>(Activation owner, string name, IGrainStorage storage) : PersistentStateBase, IPersistentState<T>
{
    private const ConfigureAwaitOptions InTurns = ConfigureAwaitOptions.ContinueOnCapturedContext;
    private readonly GrainState<T> _state = new(MemoryGrainStorage.Fresh<T>());
    private Step? _last;

    private enum Kind { Read, Write, Clear }

    public T State { get => InTurn.State!; set => InTurn.State = value; }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public override Task ReadStateAsync(CancellationToken cancellationToken) => Add(Kind.Read, cancellationToken);

    public Task WriteStateAsync(CancellationToken cancellationToken) => Add(Kind.Write, cancellationToken);

    public Task ClearStateAsync(CancellationToken cancellationToken) => Add(Kind.Clear, cancellationToken);

    private GrainState<T> InTurn
    {
        get
        {
            owner.CheckContext(nameof(State));
            return _state;
        }
    }

    private Task Add(Kind kind, CancellationToken cancellationToken)
    {
        owner.CheckContext($"{kind}StateAsync");
        if (_last is { HasBegun: false, CanBeJoined: true } waiting && waiting.Kind == kind && !cancellationToken.CanBeCanceled)
            return waiting.Task;
        var step = new Step(kind, !cancellationToken.CanBeCanceled);
        var before = _last?.Task;
        _last = step;
        return step.Task = RunAsync(step, before, cancellationToken);
    }

    private async Task RunAsync(Step step, Task? before, CancellationToken cancellationToken)
    {
        if (before is not null)
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | InTurns);
        else if (step.Kind != Kind.Read)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | InTurns);
        step.HasBegun = true;
        try
        {
            await (step.Kind switch
            {
                Kind.Read => storage.ReadStateAsync(name, owner.GrainId, _state, cancellationToken),
                Kind.Write => storage.WriteStateAsync(name, owner.GrainId, _state, cancellationToken),
                _ => storage.ClearStateAsync(name, owner.GrainId, _state, cancellationToken),
            }).ConfigureAwait(InTurns);
        }
        finally
        {
            if (_last == step)
                _last = null;
        }
    }

    private sealed class Step(Kind kind, bool canBeJoined)
    {
        public Kind Kind => kind;

        public bool CanBeJoined => canBeJoined;

        public bool HasBegun { get; set; }

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
