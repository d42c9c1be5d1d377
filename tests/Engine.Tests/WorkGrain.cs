namespace OrleansCache;

[Alias("tests.work")]
internal interface IWorkGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int left, int right);
    Task<string> WaitAsync(string name);
    [AlwaysInterleave] Task<List<string>> BegunAsync();
    [AlwaysInterleave] Task OpenAsync();
    [AlwaysInterleave] Task BeginAsync(string[] names);
    Task<byte[]> MakeAsync(int size);
    Task<byte[]> MakeUnlessAsync(int size, CancellationToken cancellationToken);
    Task<int> TakeAsync(byte[] value);
    Task<Version2> UpgradeAsync(Version2 value);
    Task FailUnknownAsync();
}

[Alias("tests.clock")]
internal interface IClockObserver : IGrainObserver
{
    Task TickAsync(int n);
    Task WaitAsync(CancellationToken cancellationToken);
}

[GenerateSerializer]
internal sealed record Version1([property: Id(0)] string Name, [property: Id(3)] List<int> Numbers);

[GenerateSerializer]
internal sealed record Version2([property: Id(0)] string Name, [property: Id(1)] int Added, [property: Id(2)] Version2? Nested, [property: Id(4)] Dictionary<string, byte[]>? Map)
{
    [Id(5)] public int Kept { get; init; } = 42;
}

internal sealed class UnreadableException : Exception
{
    public UnreadableException(int number) : base($"Number {number}.") { }
}

internal sealed class WorkGrain : Grain, IWorkGrain
{
    private readonly List<string> _begun = [];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<int> AddAsync(int left, int right) => Task.FromResult(left + right);

    public async Task<string> WaitAsync(string name)
    {
        _begun.Add(name);
        await _gate.Task;
        return name;
    }

    public Task<List<string>> BegunAsync() => Task.FromResult(_begun);

    public Task OpenAsync()
    {
        _gate.TrySetResult();
        return Task.CompletedTask;
    }

    public Task BeginAsync(string[] names)
    {
        foreach (var name in names)
            _ = GrainFactory.GetGrain<IWorkGrain>(this.GetPrimaryKeyString()).WaitAsync(name);
        return Task.CompletedTask;
    }

    public Task<byte[]> MakeUnlessAsync(int size, CancellationToken cancellationToken) => MakeAsync(size);

    public Task<byte[]> MakeAsync(int size) => Task.FromResult(new byte[size]);

    public Task<int> TakeAsync(byte[] value) => Task.FromResult(value.Length);

    public Task<Version2> UpgradeAsync(Version2 value) => Task.FromResult(value);

    public Task FailUnknownAsync() => throw new UnreadableException(7);
}
