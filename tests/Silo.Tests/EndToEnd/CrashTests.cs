using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace OrleansCache.Silo.Tests;

/// <summary>What was acknowledged is there after a SIGKILL at any moment.</summary>
public sealed class CrashTests
{
    private const int Wanted = 2_000;
    private const int Writers = 8;
    private const int KeysEach = 5;
    private const string Region = "crash";

    [Fact]
    public async Task Acknowledged_changes_survive_kills_in_files()
    {
        await using var silo = await SiloProcess.StartAsync();

        await SurviveAsync(silo);
    }

    [Fact]
    public async Task Acknowledged_changes_survive_kills_in_Redis()
    {
        Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);
        await using var redis = await RedisServer.StartAsync(new() { AppendOnly = true }, TestContext.Current.CancellationToken);
        await using var silo = await SiloProcess.StartAsync(redis: redis.EndPoint);

        await SurviveAsync(silo);
    }

    [Fact]
    public async Task A_loaded_entry_answers_after_a_kill_without_an_origin_call_and_with_what_is_left_of_its_lifetime()
    {
        await using var origin = await PartnerProcess.StartAsync(delayMs: 20);
        await using var silo = await SiloProcess.StartAsync(origin.Port, config: """
            { "OrleansCache": { "Integrations": { "partner": { "Methods": { "order": { "FreshFor": "00:02:00", "Durability": "Through" } } } } } }
            """);
        using var cold = await silo.GetAsync("partner/order?id=7");
        await silo.KillAsync();

        await silo.LaunchAsync();
        using var warm = await silo.GetAsync("partner/order?id=7");

        var ttl = int.Parse(warm.CacheStatus()!.Split("ttl=")[1], CultureInfo.InvariantCulture);
        Assert.InRange(ttl, 60, 119);
        Assert.Equal((cold.Header("ETag"), await cold.TextAsync()), (warm.Header("ETag"), await warm.TextAsync()));
        Assert.Equal(1, await origin.CallsAsync("/orders/7"));
    }

    private static async Task SurviveAsync(SiloProcess silo)
    {
        var random = new Random(7);
        var keys = Enumerable.Range(0, Writers * KeysEach).Select(number => new Key($"key-{number}")).ToArray();
        var acknowledged = 0;
        for (var kills = 0; acknowledged < Wanted; kills++)
        {
            using var dead = new CancellationTokenSource();
            var killAt = acknowledged + random.Next(50, 500);
            var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                for (var round = 0; !dead.IsCancellationRequested; round++)
                {
                    if (await keys[writer * KeysEach + round % KeysEach].ChangeAsync(silo, remove: round % 7 == 3))
                        Interlocked.Increment(ref acknowledged);
                }
            })).ToArray();
            await Eventually.TrueAsync(() => Volatile.Read(ref acknowledged) >= killAt || writers.Any(writer => writer.IsFaulted), TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            await silo.KillAsync();
            await dead.CancelAsync();
            await Task.WhenAll(writers);

            await silo.LaunchAsync();
            foreach (var key in keys)
                await key.CheckAsync(silo);
        }
    }

    /// <summary>One key, what was last acknowledged of it, and what may have happened besides.</summary>
    private sealed class Key(string name)
    {
        private readonly ConcurrentStack<string?> _possible = new([null]);
        private long _version;
        private int _next;

        public async Task<bool> ChangeAsync(SiloProcess silo, bool remove)
        {
            var value = remove ? null : $"{name}-{_next++}";
            _possible.Push(value);
            try
            {
                using var answer = remove ? await silo.DeleteAsync(Region, name) : await silo.PutAsync(Region, name, value!);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                    return false;       // nothing was changed: the silo may wait for its predecessor's lease to end
                Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
                _possible.Clear();
                _possible.Push(value);
                if (!remove)
                    See(answer);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }

        public async Task CheckAsync(SiloProcess silo)
        {
            using var answer = await silo.GetAsync(SiloProcess.EntryPath(Region, name));
            var found = answer.StatusCode == HttpStatusCode.NotFound ? null : await answer.TextAsync();
            Assert.True(_possible.Contains(found), $"{name} is '{found}', and not one of '{string.Join("', '", _possible)}'");
            if (found is not null)
                See(answer, mayRepeat: true);
            _possible.Clear();
            _possible.Push(found);
        }

        private void See(HttpResponseMessage answer, bool mayRepeat = false)
        {
            var version = long.Parse(answer.Header("ETag")!.Trim('"'), CultureInfo.InvariantCulture);
            Assert.True(version > _version || (mayRepeat && version == _version), $"{name} went from version {_version} to {version}");
            _version = version;
        }
    }
}
