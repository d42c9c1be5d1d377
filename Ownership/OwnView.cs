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

    public long Number => Placement.Number;

    public Placement Placement => _ownership.Placement;

    public bool IsShared => Placement.IsShared;

    public Task Changed => Volatile.Read(ref _changed).Task;

    public ClusterView View => Placement.View;

    public void Hint(long view) => _ownership.Hint(view);
}
