namespace OrleansCache;

[Alias("smoke")]
internal interface ISmokeGrain : IGrainWithStringKey
{
    Task<int> Add(int a, int b);
    ValueTask<Point> Move(Point p, CancellationToken ct);
    Task Slow(CancellationToken ct);
    Task<string> Fail();
    Task Save(List<string> s);
    Task<List<string>> Load();
}

[GenerateSerializer]
internal sealed record Point([property: Id(0)] int X, [property: Id(1)] string? Name);

[GenerateSerializer]
internal sealed class Saved
{
    [Id(0)] public List<string> Items { get; set; } = [];
}

internal sealed class SmokeGrain([PersistentState("s")] IPersistentState<Saved> state) : Grain, ISmokeGrain
{
    public Task<int> Add(int a, int b) => Task.FromResult(a + b);
    public ValueTask<Point> Move(Point p, CancellationToken ct) => new(p with { X = p.X + 1 });
    public Task Slow(CancellationToken ct) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
    public Task<string> Fail() => throw new ArgumentException("no", "x");
    public Task Save(List<string> s) { state.State.Items = s; return state.WriteStateAsync(); }
    public async Task<List<string>> Load() { await Task.Yield(); return state.State.Items; }
}

public class Smoke(ITestOutputHelper output)
{
    [Fact]
    public async Task It_runs_remote() => await Run(c => c.Client, 30_000);

    [Fact]
    public async Task It_runs() => await Run(c => c.Hosted, 300_000);

    private async Task Run(Func<TestCluster, IGrainFactory> pick, int count)
    {
        await using var cluster = await TestCluster.StartAsync();
        var factory = pick(cluster);
        var grain = factory.GetGrain<ISmokeGrain>("a");
        Assert.Equal(3, await grain.Add(1, 2));
        Assert.Equal(new Point(2, "q"), await grain.Move(new(1, "q"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => grain.Fail());
        await grain.Save(["a", "b"]);
        Assert.Equal(["a", "b"], await grain.Load());
        using var cts = new CancellationTokenSource();
        var slow = factory.GetGrain<ISmokeGrain>("b").Slow(cts.Token);
        await cts.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        for (var round = 0; round < 5; round++)
        {
            var t0 = TimeProvider.System.GetTimestamp();
            var a0 = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < count; i++)
                await grain.Add(1, 2);
            output.WriteLine($"{TimeProvider.System.GetElapsedTime(t0).TotalNanoseconds / count} ns/call {(GC.GetAllocatedBytesForCurrentThread() - a0) / count} B");
        }
        for (var round = 0; round < 5; round++)
        {
            var t0 = TimeProvider.System.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, 64).Select(async n =>
            {
                var g = factory.GetGrain<ISmokeGrain>("w" + n);
                for (var i = 0; i < count / 16; i++)
                    await g.Add(1, 2);
            }));
            output.WriteLine($"64 outstanding: {64 * (count / 16) / TimeProvider.System.GetElapsedTime(t0).TotalSeconds} /s");
        }
        if (count > 100_000)
            t(output, factory);
        static void t(ITestOutputHelper output, IGrainFactory factory)
        {
            var m0 = GC.GetTotalMemory(true);
            var t0 = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < 200_000; i++)
                _ = factory.GetGrain<ISmokeGrain>("k" + i).Add(1, 2);
            output.WriteLine($"{200_000 / TimeProvider.System.GetElapsedTime(t0).TotalSeconds} act/s, {(GC.GetTotalMemory(true) - m0) / 200_000} B each");
        }
    }
}
