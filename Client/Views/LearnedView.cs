using System.Net;

namespace OrleansCache;

/// <summary>The newest view that a client has learned from silos. Thread-safe.</summary>
internal sealed class LearnedView : IKnownView
{
    private readonly Lock _learning = new();
    private Placement _placement = Placement.None;
    private Placement _former = Placement.None;
    private long _heard;
    private readonly NextChange _changed = new();
    private TaskCompletionSource _hinted = New();

    /// <summary>Raised when another view is known; handlers must be quick and must not throw.</summary>
    public event Action? Learned;

    public long Number => Placement.Number;

    public bool IsShared => Placement.IsShared;

    public Placement Placement => Volatile.Read(ref _placement);

    /// <summary>Where its members are reached.</summary>
    public IReadOnlyCollection<EndPoint> EndPoints =>
        [.. Placement.Members.Where(static member => !member.IsLeaving).Select(static member => member.EndPoint).OfType<EndPoint>()];

    public Task Changed => _changed.Task;

    /// <summary>The highest view heard of.</summary>
    public long Heard => Math.Max(Volatile.Read(ref _heard), Number);

    /// <summary>A silo has answered, and none has failed to since.</summary>
    public bool IsInTouch { get; set; }

    public void Hint(long view)
    {
        if (view > Number && Highest.Raise(ref _heard, view) < view)
            Volatile.Read(ref _hinted).TrySetResult();
    }

    /// <summary>Ends when a view is heard of that is higher than <see cref="Heard"/> is now. For one waiter.</summary>
    public Task HearAsync()
    {
        var hinted = New();
        Volatile.Write(ref _hinted, hinted);
        return hinted.Task;
    }

    /// <summary>Takes up a view if it is newer.</summary>
    public void Learn(ClusterView view) => Change(view, static (before, after) => after.Number > before.Number);

    /// <summary>The silo that is there now has no views.</summary>
    public void Forget()
    {
        Volatile.Write(ref _heard, 0);
        Change(ClusterView.None, static (before, _) => before.Number > 0);
    }

    /// <summary>True of a silo that was a member until the view that is known now.</summary>
    public bool IsGone(EndPoint silo) => _former.Has(silo) && !Placement.Has(silo);

    private void Change(ClusterView view, Func<Placement, Placement, bool> isWanted)
    {
        lock (_learning)
        {
            var next = Placement.Of(view);
            if (!isWanted(_placement, next))
                return;
            _former = _placement;
            Volatile.Write(ref _placement, next);
            Learned?.Invoke();
        }
        _changed.Happened();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
