using OrleansCache.Cluster;

namespace OrleansCache.Docs;

/// <summary>What a versioned cache does, in C#.</summary>
public sealed class VersionedCacheExample
{
    [Fact]
    public async Task A_report_is_made_again_when_its_version_changed_and_a_request_sees_one_version()
    {
        await using var silos = await Silos.StartAsync(1);
        var cache = await silos.CacheAsync();
        var database = new Database();

        // docs/migration.md
        var reports = CacheStrategy.Versioned(
            version: (call, ct) => database.LastEventAsync(call.Argument<string>("user"), ct),      // null: no history
            maxAge: TimeSpan.FromHours(1));

        var getReport = cache.Decorate("reports", "get", (string user, CancellationToken ct) => database.ReportAsync(user, ct), reports);

        // One request: its reads ask once for each user, and agree.
        using (CacheSession.Begin())
        {
            var report = await getReport("ada", default);
            var again = await getReport("ada", default);
        }
        // end
        Assert.Equal((1, 1), (database.Asked, database.Made));
        Assert.Equal("ada at -", await getReport("ada", default));
        database.Events = 1;
        Assert.Equal("ada at 1", await getReport("ada", default));
        Assert.Equal((3, 2), (database.Asked, database.Made));
    }

    private sealed class Database
    {
        public int Events { get; set; }

        public int Asked { get; private set; }

        public int Made { get; private set; }

        public ValueTask<string?> LastEventAsync(string user, CancellationToken ct)
        {
            ct.ThrowIfCancellationRequested();
            Asked++;
            return new(Events == 0 ? null : $"{user}:{Events}");
        }

        public async Task<string> ReportAsync(string user, CancellationToken ct)
        {
            await Task.Yield();
            ct.ThrowIfCancellationRequested();
            Made++;
            return $"{user} at {(Events == 0 ? "-" : Events)}";
        }
    }
}

// docs/strategies.md
[Integration("reports")]
internal interface IReports
{
    [Cached(Version = nameof(GetVersionAsync), FreshSeconds = 3600)]
    Task<string> GetReportAsync(string user, int page = 1, CancellationToken ct = default);

    Task<string?> GetVersionAsync(string user, CancellationToken ct = default);
}
// end
