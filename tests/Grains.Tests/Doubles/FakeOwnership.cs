namespace OrleansCache.Tests;

internal sealed class FakeOwnership : IOwnership
{
    public string Self => "here";

    public long View { get; set; } = 1;

    public bool OwnsAll { get; set; } = true;

    public bool FenceHolds { get; set; } = true;

    public bool Owns(ulong keyHash) => OwnsAll;

    public long EpochOf(ulong keyHash) => View;

    public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken) => new(FenceHolds);
}
