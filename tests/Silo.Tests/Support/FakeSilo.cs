namespace OrleansCache.Silo.Tests;

/// <summary>What the health answer is made of.</summary>
internal sealed class FakeSilo : IOwnership, IEntryStore, IOriginCaller
{
    public Task<System.Collections.Immutable.ImmutableArray<OriginResult>> CallManyAsync(
        RegionPolicy policy, System.Collections.Immutable.ImmutableArray<BatchItem> items, CallerToken? caller, CancellationToken cancellationToken) => throw new NotSupportedException();

    public bool IsReachable { get; set; } = true;
    public bool FenceHolds { get; set; } = true;
    public string Self => "silo-0";
    public string Kind => "memory";
    public long View => 1;

    public bool Owns(ulong keyHash) => true;

    public long EpochOf(ulong keyHash) => 1;

    public bool IsPlacedHere(ulong keyHash) => Owns(keyHash);

    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(Owns(keyHash));

    public Placement Placement { get; init; } = Placement.None;

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public void Hint(long view)
    {
    }

    public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken) => new(FenceHolds);

    public ValueTask<StoreReadResult> ReadAsync(string grainKey, long epoch, CancellationToken cancellationToken) => default;

    public ValueTask<StoreWriteResult> WriteAsync(string grainKey, EntryRecord record, CancellationToken cancellationToken) => default;

    public Task<OriginResult> CallAsync(OriginCall call, CancellationToken cancellationToken) => Task.FromResult(new OriginResult());

    public string? DescribeBreaker(string integration) => null;
}
