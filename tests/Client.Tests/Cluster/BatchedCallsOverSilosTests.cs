using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>One call of an integration for many keys, whose owners are several silos.</summary>
public class BatchedCallsOverSilosTests
{
    private readonly ConcurrentQueue<string> _asked = [];
    private readonly TaskCompletionSource _go = new();
    private int _calls;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Each_key_is_asked_for_once_by_two_processes_with_one_call_and_one_permit_for_all_that_one_of_them_loads(int count)
    {
        await using var silos = await StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var args = Enumerable.Range(0, 100).Select(static i => Args($"{i}")).ToArray();
        _go.SetResult();

        var all = await Task.WhenAll(mine.CallManyAsync<string>("partner", "item", args).AsTask(), theirs.CallManyAsync<string>("partner", "item", [.. args.Reverse()]).AsTask());

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"{i}"), all[0].Select(static r => r.Result.Value));
        Assert.Equal(Enumerable.Range(0, 100).Reverse().Select(static i => $"{i}"), all[1].Select(static r => r.Result.Value));
        Assert.Equal((100, 100), (_asked.Count, _asked.Distinct().Count()));
        Assert.InRange(_calls, 1, 50);        // few on an idle machine; leases come later than a batch waits on a busy one
        var permits = int.Parse((await mine.ExplainAsync(all[0][0].Key)).Limiter!.Split(" of 1000")[0], CultureInfo.InvariantCulture);
        Assert.InRange(permits, _calls, 3 * _calls);        // one that lapsed on a busy machine was replaced
        Assert.All(await theirs.CallManyAsync<string>("partner", "item", args), static r => Assert.Equal(Outcome.Hit, r.Result.Outcome));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_single_call_joins_the_load_for_many_a_removal_fences_it_and_partial_failures_stay_with_their_keys(int count)
    {
        await using var silos = await StartAsync(count);
        var (mine, theirs) = (await silos.CacheAsync(), await silos.CacheAsync());
        var many = mine.CallManyAsync<string>("partner", "item", [Args("1"), Args("2"), Args("bad"), Args("none")]).AsTask();
        await Eventually.TrueAsync(() => _asked.Count >= 4);
        var joined = theirs.CallAsync<string>("partner", "item", Args("1")).AsTask();
        var bad = mine.CallAsync<string>("partner", "item", Args("bad")).AsTask();
        await theirs.RemoveAsync(CacheKey.For("default:1.0:partner:item", ("id", "2")));
        _go.SetResult();

        var results = await many.WaitAsync(Eventually.Deadline);

        Assert.Equal(["1", "2"], results.Take(2).Select(static r => r.Result.Value));
        Assert.Equal("no such luck", Assert.IsType<IntegrationException>(results[2].Error).Problem.Message);
        Assert.Equal(Outcome.Miss, results[3].Result.Outcome);
        Assert.Equal("1", (await joined.WaitAsync(Eventually.Deadline)).Value);
        await Assert.ThrowsAsync<IntegrationException>(() => bad.WaitAsync(Eventually.Deadline));
        Assert.Equal(Outcome.Miss, (await mine.GetAsync<string>(CacheKey.For("default:1.0:partner:item", ("id", "2")))).Outcome);
        Assert.Equal(Outcome.Hit, (await mine.GetAsync<string>(CacheKey.For("default:1.0:partner:item", ("id", "1")))).Outcome);
    }

    private static Dictionary<string, string?> Args(string id) => new() { ["id"] = id };

    private Task<Silos> StartAsync(int count) => Silos.StartAsync(
        count,
        builder => builder.Services.AddIntegration("partner", _ => new Origin(this), static options =>
        {
            options.RateLimit = new() { PerDay = 1_000 };
            options.Retry = new() { MaxRetryAttempts = 0 };
            options.Methods["item"] = new() { Parameters = ["id"], FreshFor = TimeSpan.FromHours(1), Coherence = Coherence.Strict, Durability = Durability.Through, Many = new() { Max = 200 } };
        }));

    private sealed class Origin(BatchedCallsOverSilosTests test) : IManyIntegration
    {
        public ValueTask<IntegrationResponse> CallAsync(IntegrationRequest request, CancellationToken cancellationToken) => AnswerAsync(request.Arguments["id"]!);

        public async ValueTask<IReadOnlyList<IntegrationResponse>> CallManyAsync(IntegrationManyRequest request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref test._calls);
            var answers = request.Arguments.Select(arguments => AnswerAsync(arguments["id"]!).AsTask()).ToArray();
            return await Task.WhenAll(answers);
        }

        private async ValueTask<IntegrationResponse> AnswerAsync(string id)
        {
            test._asked.Enqueue(id);
            await test._go.Task;
            return id == "bad" ? IntegrationResponse.Failed("no such luck") : id == "none" ? IntegrationResponse.Absent
                : IntegrationResponse.Value(Encoding.UTF8.GetBytes(id), "text/plain");
        }
    }
}
