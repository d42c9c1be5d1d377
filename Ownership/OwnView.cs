namespace OrleansCache;

/// <summary>The view that this silo goes by.</summary>
internal sealed class OwnView : IKnownView
{
    private readonly IOwnership _ownership;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OwnView(IOwnership ownership)
    {
        _ownership = ownership;
        ownership.Changed += () => Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    public long Number => _ownership.Placement.Number;

    public bool IsShared => _ownership.Placement.IsShared;

    public Task Changed => Volatile.Read(ref _changed).Task;

    public ClusterView View => _ownership.Placement.View;

    public void Hint(long view) => _ownership.Hint(view);
}
