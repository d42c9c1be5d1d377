using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache.Cluster;

/// <summary>Watchers of keys while their owners are killed, and a page's feed over HTTP.</summary>
public sealed class WatchTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_change_is_missed_while_the_keys_owners_are_killed()
    {
        await using var cluster = await ClusterProcess.StartAsync(3);
        using var writers = await cluster.ConnectAsync();
        using var watchers = await cluster.ConnectAsync();
        var (writer, watcher) = (writers.Services.GetRequiredService<IOrleansCache>(), watchers.Services.GetRequiredService<IOrleansCache>());
        var keys = Enumerable.Range(0, 30).Select(static i => CacheKey.Of("watched", $"{i}")).ToArray();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var last = new long[keys.Length];
        var watching = keys.Select((key, i) => Task.Run(async () =>
        {
            await foreach (var change in watcher.WatchAsync(key, ct: end.Token))
                Volatile.Write(ref last[i], change.Version);
        }, Ct)).ToArray();
        var versions = await WriteAsync();
        await Eventually.TrueAsync(() => versions.Index().All(v => Volatile.Read(ref last[v.Index]) == v.Item), cancellationToken: Ct);

        await cluster.Silos[1].KillAsync();
        versions = await WriteAsync();

        await Eventually.TrueAsync(() => versions.Index().All(v => Volatile.Read(ref last[v.Index]) == v.Item), TimeSpan.FromSeconds(60), Ct, "each watcher knows the version that was written last");
        await end.CancelAsync();
        await Task.WhenAll(watching).ContinueWith(static _ => { }, TaskScheduler.Default);

        async Task<long[]> WriteAsync()
        {
            var written = new long[keys.Length];
            foreach (var (i, key) in keys.Index())
            {
                await Eventually.TrueAsync(async () =>
                {
                    try
                    {
                        written[i] = (await writer.SetAsync(key, i, ct: Ct)).Version;
                        return true;
                    }
                    catch (CacheUnavailableException)
                    {
                        return false;
                    }
                }, TimeSpan.FromSeconds(60), Ct, "the write is acknowledged");
            }

            return written;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_page_hears_of_the_fresh_value_through_any_silo_and_goes_on_from_its_last_event(int silos)
    {
        await using var cluster = await ClusterProcess.StartAsync(silos);
        using var http = new HttpClient();
        var first = await PutAsync(http, cluster.Silos[0], "1");
        string[] read;
        using (var feed = await OpenAsync(http, cluster.Silos[^1], null))
        {
            read = [await NextAsync(feed), ""];
            var second = await PutAsync(http, cluster.Silos[0], "2");
            read[1] = await NextAsync(feed);
            Assert.Equal([$$"""{"version":{{first}},"state":"present"}""", $$"""{"version":{{second}},"state":"present"}"""], read);
            first = second;
        }

        using var again = await OpenAsync(http, cluster.Silos[0], first);
        var third = await PutAsync(http, cluster.Silos[^1], "3");
        Assert.Equal($$"""{"version":{{third}},"state":"present"}""", await NextAsync(again));
    }

    private static async Task<string> PutAsync(HttpClient http, SiloNode silo, string value)
    {
        using var content = new StringContent(value, new MediaTypeHeaderValue("application/json"));
        using var answer = await http.PutAsync(new Uri($"http://127.0.0.1:{silo.Port}/api/v1/entries/pages/1"), content, Ct);
        return answer.EnsureSuccessStatusCode().Headers.ETag!.Tag.Trim('"');
    }

    private static async Task<StreamReader> OpenAsync(HttpClient http, SiloNode silo, string? last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{silo.Port}/api/v1/entries/pages/1/changes");
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        return new(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Ct));
    }

    private static async Task<string> NextAsync(StreamReader feed)
    {
        while (await feed.ReadLineAsync(Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Ct) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return line["data: ".Length..];
        }

        return "";
    }
}
