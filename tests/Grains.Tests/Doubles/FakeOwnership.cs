namespace OrleansCache.Tests;

internal sealed class FakeOwnership : IOwnership
{
    public string Self => "here";

    public long View { get; set; } = 1;

    public bool OwnsAll { get; set; } = true;

    public bool FenceHolds { get; set; } = true;

    public bool Owns(ulong keyHash) => OwnsAll;

    public long EpochOf(ulong keyHash) => View;

    public bool IsPlacedHere(ulong keyHash) => Owns(keyHash);

    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(Owns(keyHash));

    public Placement Placement => Placement.None;

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public void Hint(long view)
    {
    }

    public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken) => new(FenceHolds);
}
