namespace OrleansCache;

/// <summary>The view that this silo goes by.</summary>
internal sealed class OwnView : IKnownView
{
    private readonly IOwnership _ownership;
    private readonly NextChange _changed = new();

    public OwnView(IOwnership ownership)
    {
        _ownership = ownership;
        ownership.Changed += _changed.Happened;
    }

    public long Number => Placement.Number;

    public Placement Placement => _ownership.Placement;

    public bool IsShared => Placement.IsShared;

    public Task Changed => _changed.Task;

    public ClusterView View => Placement.View;

    public void Hint(long view) => _ownership.Hint(view);
}
