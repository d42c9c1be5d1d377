namespace OrleansCache.Engine;

/// <summary>A grain's state over its store. As on Orleans, calls go to the store one after the other, and one that waits takes
/// further calls of its kind in.</summary>
internal sealed class PersistentState<T>(Activation owner, string name, IGrainStorage storage) : IPersistentState<T>
{
    private const ConfigureAwaitOptions InTurns = ConfigureAwaitOptions.ContinueOnCapturedContext;
    private readonly GrainState<T> _state = new(MemoryGrainStorage.Fresh<T>());
    private Task _last = Task.CompletedTask;
    private (Kind Kind, bool CanBeJoined) _lastCall;
    private int _waiting;       // calls that have not gone to the store yet, the last among them

    private enum Kind { Read, Write, Clear }

    public T State { get => InTurn.State!; set => InTurn.State = value; }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) => Add(Kind.Read, cancellationToken);

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
        var call = (kind, CanBeJoined: !cancellationToken.CanBeCanceled);
        if (_waiting > 0 && call == _lastCall && call.CanBeJoined)
            return _last;
        (_waiting, _lastCall) = (_waiting + 1, call);
        return _last = RunAsync(kind, _last, cancellationToken);
    }

    private async Task RunAsync(Kind kind, Task before, CancellationToken cancellationToken)
    {
        if (!before.IsCompleted)
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | InTurns);
        else if (kind != Kind.Read)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | InTurns);
        _waiting--;
        await (kind switch
        {
            Kind.Read => storage.ReadStateAsync(name, owner.GrainId, _state, cancellationToken),
            Kind.Write => storage.WriteStateAsync(name, owner.GrainId, _state, cancellationToken),
            _ => storage.ClearStateAsync(name, owner.GrainId, _state, cancellationToken),
        }).ConfigureAwait(InTurns);
    }
}
