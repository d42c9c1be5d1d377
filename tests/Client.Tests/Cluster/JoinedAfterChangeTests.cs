using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Who comes after an acknowledged change, and joins what its process has under way, has nothing older.</summary>
public class JoinedAfterChangeTests
{
    [Theory]
    [InlineData(1, Coherence.Eventual)]
    [InlineData(1, Coherence.Strict)]
    [InlineData(3, Coherence.Eventual)]
    public async Task A_404_that_was_under_way(int count, Coherence coherence)
    {
        var origin = new HeldOrigin();
        await using var silos = await Silos.StartAsync(count, builder => builder.Services.AddIntegration("orders", _ => origin, options =>
        {
            options.Retry = new() { MaxRetryAttempts = 0 };
            options.Methods["order"] = new() { Parameters = ["id"], Coherence = coherence, Durability = Durability.Through, FreshFor = TimeSpan.FromHours(1) };
        }));
        var (writer, (readers, flights)) = (await silos.CacheAsync(), await ReadersAsync(silos));
        var arguments = new Dictionary<string, string?> { ["id"] = "42" };
        var key = writer.KeyOf("orders", "order", ("id", "42"));
        var before = readers.CallAsync<string>("orders", "order", arguments).AsTask();
        await origin.Began.Task.WaitAsync(Eventually.Deadline);

        Assert.True((await writer.SetAsync(key, "new")).Accepted);
        var after = readers.CallAsync<string>("orders", "order", arguments).AsTask();
        await Eventually.TrueAsync(() => flights.Waiting(key.GrainKey) == 2);
        origin.End.SetResult();

        await before.WaitAsync(Eventually.Deadline);
        Assert.Equal("new", (await after.WaitAsync(Eventually.Deadline)).Value);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("unstored")]
    [InlineData("large")]
    public async Task A_factory_of_its_own_process(string form)
    {
        await using var silos = await Silos.StartAsync(1);
        var (writer, (readers, flights)) = (await silos.CacheAsync(), await ReadersAsync(silos));
        var key = CacheKey.Of("r", "k");
        var (began, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        async ValueTask<string?> MakeAsync()
        {
            began.TrySetResult();
            await end.Task;
            if (form == "unstored")
                LoadContext.Current!.DoNotStore = true;
            return form == "null" ? null : form == "large" ? new string('x', 9 * 1024 * 1024) : "old";
        }

        var before = readers.GetOrCreateAsync(key, _ => MakeAsync(), new() { Tags = ["t"] }).AsTask();
        await began.Task.WaitAsync(Eventually.Deadline);
        if (form == "unstored")
            await writer.RemoveByTagAsync(["t"]);
        else
            await writer.SetAsync(key, "new");
        var after = readers.GetOrCreateAsync(key, _ => new ValueTask<string?>("new")).AsTask();
        await Eventually.TrueAsync(() => flights.Waiting(key.GrainKey) == 2);
        end.SetResult();

        await before.WaitAsync(Eventually.Deadline);
        var got = (await after.WaitAsync(Eventually.Deadline)).Value;
        Assert.Equal("new", got?[..Math.Min(3, got.Length)]);
    }

    private static async Task<(IOrleansCache Cache, FlightTable Flights)> ReadersAsync(Silos silos)
    {
        var client = await silos.ConnectAsync();
        return (client.Services.GetRequiredService<IOrleansCache>(), client.Services.GetRequiredService<FlightTable>());
    }

    private sealed class HeldOrigin : IIntegration
    {
        public TaskCompletionSource Began { get; } = new();
        public TaskCompletionSource End { get; } = new();

        public async ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken)
        {
            Began.TrySetResult();
            await End.Task;
            return IntegrationResponse.Absent;
        }
    }
}
