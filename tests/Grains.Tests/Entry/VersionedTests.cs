using System.Text;
using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>A method whose version another method of its integration says, at the key's owner.</summary>
public sealed class VersionedTests
{
    private static readonly RegionPolicy Versioned = Ttl with
    {
        Strategy = Strategy.Versioned,
        FreshFor = TimeSpan.FromHours(1),
        StaleFor = TimeSpan.Zero,
        Version = new() { Method = "countryVersion", Parameters = [new("code", Optional: false)], SessionFor = TimeSpan.FromMinutes(5), MaxSessions = 3 },
    };

    private readonly EntryHarness _entry = new(Versioned);
    private int _calls;

    [Fact]
    public async Task The_version_is_asked_before_a_value_is_served_and_another_one_loads()
    {
        Assert.Equal((ReadStatus.Loaded, "1"), await ReadAsync("v1", "1"));
        Assert.Equal((ReadStatus.Hit, "1"), await ReadAsync("v1"));
        Assert.Equal((ReadStatus.Loaded, "2"), await ReadAsync("v2", "2"));

        Assert.Equal(["countryVersion", "country", "countryVersion", "countryVersion", "country"], _entry.Origin.Calls.Select(static call => call.Call.Policy.Method));
        Assert.Equal("code", Assert.Single(_entry.Origin.Calls[0].Call.Arguments).Name);
        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
    }

    [Fact]
    public async Task Concurrent_readers_share_one_question_and_one_load()
    {
        var readers = Enumerable.Range(0, 50).Select(i => CallAsync(i % 2 == 0 ? null : $"session {i % 4}")).ToArray();
        await _entry.Origin.GiveAsync(_calls++, "v1");
        await _entry.Origin.GiveAsync(_calls++, "1");

        Assert.All(await Task.WhenAll(readers), reply => Assert.Equal("1", Text(reply.Value)));
        Assert.Equal(2, _entry.Origin.Count);
    }

    [Fact]
    public async Task An_answer_knows_of_nothing_later_than_the_version_that_it_goes_by()
    {
        var call = CallAsync(null);
        await _entry.Origin.GiveAsync(_calls++, "v1");
        await Eventually.TrueAsync(() => _entry.Origin.Count == 2);
        _entry.Time.Advance(TimeSpan.FromMilliseconds(100));
        await _entry.Origin.GiveAsync(_calls++, "1");

        Assert.Equal((ReadStatus.Loaded, 0), (await call is var reply ? (reply.Status, reply.DecidedAfterMilliseconds) : default));
    }

    [Fact]
    public async Task A_session_asks_once_and_goes_forward_with_what_others_stored_and_never_back()
    {
        await ReadAsync("v1", "1", session: "a");
        Assert.Equal("1", Text((await CallAsync("a")).Value));
        _entry.Time.Advance(TimeSpan.FromSeconds(1));
        await ReadAsync("v2", "2", session: "b");

        Assert.Equal("2", Text((await CallAsync("a")).Value));
        Assert.Equal("2", Text((await CallAsync("b")).Value));
        Assert.Equal(_calls, _entry.Origin.Count);
    }

    [Fact]
    public async Task What_a_session_loads_later_is_of_the_version_that_the_origin_has_then()
    {
        await ReadAsync("v1", "1", session: "a");
        await _entry.Remove();

        Assert.Equal((ReadStatus.Loaded, "2"), await ReadAsync("v2", "2", session: "a"));
        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
        Assert.Equal("2", Text((await CallAsync("a")).Value));
        Assert.Equal((ReadStatus.Loaded, "3"), await ReadAsync("v1", "3"));     // the origin went back, and its other content was never of that version
    }

    [Fact]
    public async Task A_session_that_went_on_to_another_version_does_not_go_back_to_its_first()
    {
        await ReadAsync("v1", "1", session: "a");
        await _entry.Flush();
        await Eventually.TrueAsync(() => _entry.Stored?.OriginVersion == "v1");
        var old = _entry.Stored!;
        _entry.Time.Advance(TimeSpan.FromSeconds(1));
        await _entry.Remove();
        await ReadAsync("v2", "2", session: "a");
        await _entry.Deactivate();
        _entry.Store.Put(Key, old);

        Assert.Equal((ReadStatus.Loaded, "3"), await ReadAsync("v2", "3", session: "a"));
    }

    [Fact]
    public async Task A_session_joins_the_load_that_it_began_without_another_question()
    {
        var first = CallAsync("a");
        await _entry.Origin.GiveAsync(_calls++, "v1");
        await Eventually.TrueAsync(() => _entry.Origin.Count == 2);
        var second = CallAsync("a");
        await _entry.Begun();
        await _entry.Origin.GiveAsync(_calls++, "1");

        Assert.Equal(("1", "1"), (Text((await first).Value), Text((await second).Value)));
        Assert.Equal(2, _entry.Origin.Count);
    }

    [Fact]
    public async Task Of_two_reads_of_a_session_that_race_the_first_answer_wins_for_all()
    {
        var operation = Guid.NewGuid();
        var slow = CallAsync("a", operation);
        await Eventually.TrueAsync(() => _entry.Origin.Count == 1 && _entry.Time.ActiveTimers > 0);
        _entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(ReadStatus.AskAgain, (await slow).Status);
        await _entry.Origin.GiveAsync(_calls++, "v1");
        await AnsweredAsync(operation);

        Assert.Equal((ReadStatus.Loaded, "2"), await ReadAsync("v2", "2", session: "a"));

        Assert.Equal((ReadStatus.Hit, "2"), await CallAsync("a", operation) is var repeated ? (repeated.Status, Text(repeated.Value)) : default);
        Assert.Equal("2", Text((await CallAsync("a")).Value));
        Assert.Equal(_calls, _entry.Origin.Count);
    }

    [Fact]
    public async Task A_session_is_remembered_for_a_while_and_within_a_bound()
    {
        await ReadAsync("v1", "1", session: "a");
        foreach (var session in new[] { "b", "c", "d" })
            await ReadAsync("v1", session: session);
        await ReadAsync("v1", session: "a");        // the fourth drove it out
        Assert.Equal(ReadStatus.Hit, (await CallAsync("d")).Status);

        _entry.Time.Advance(TimeSpan.FromMinutes(5));

        await ReadAsync("v1", session: "d");
        Assert.Equal(_calls, _entry.Origin.Count);
    }

    [Fact]
    public async Task No_history_has_the_default_version_and_any_bytes_are_a_version()
    {
        var reading = CallAsync();
        await _entry.Origin.EndAsync(_calls++, new OriginResult { Kind = OriginResultKind.Absent });
        await _entry.Origin.GiveAsync(_calls++, "1");
        await reading;
        Assert.Equal("-1", (await _entry.Explain()).OriginVersion);

        reading = CallAsync();
        await _entry.Origin.EndAsync(_calls++, new OriginResult { Kind = OriginResultKind.Value, Bytes = [0xff, 0xfe] });
        await _entry.Origin.GiveAsync(_calls++, "2");
        Assert.Equal("2", Text((await reading).Value));
        Assert.Equal(64, (await _entry.Explain()).OriginVersion!.Length);
    }

    [Theory]
    [InlineData(OnVersionFailure.Fail, "Failed", null)]
    [InlineData(OnVersionFailure.Serve, "Stale", "1")]
    [InlineData(OnVersionFailure.Recompute, "Loaded", "2")]
    public async Task A_version_that_is_not_known_does_as_the_method_says(OnVersionFailure policy, string status, string? value)
    {
        _entry.Policies.Change(Versioned with { Version = Versioned.Version! with { OnFailure = policy } });
        await ReadAsync("v1", "1");

        var reading = CallAsync("a");
        await _entry.Origin.EndAsync(_calls++, FakeOrigin.Down);
        if (policy == OnVersionFailure.Recompute)
            await _entry.Origin.GiveAsync(_calls++, "2");

        var reply = await reading;
        Assert.Equal((status, value), ($"{reply.Status}", Text(reply.Value)));
        Assert.Equal(policy == OnVersionFailure.Recompute ? null : "origin-503", reply.Problem?.Detail);
        reading = CallAsync("a");       // what is not known is not remembered
        await _entry.Origin.GiveAsync(_calls++, policy == OnVersionFailure.Recompute ? "v2" : "v1");
        if (policy == OnVersionFailure.Recompute)
            await _entry.Origin.GiveAsync(_calls++, "3");
        Assert.Null((await reading).Problem);
    }

    [Fact]
    public async Task A_question_that_takes_longer_than_a_slice_is_asked_once()
    {
        var operation = Guid.NewGuid();
        var first = _entry.Read(LoadMode.Declared, operation: operation);
        await Eventually.TrueAsync(() => _entry.Origin.Count == 1 && _entry.Time.ActiveTimers > 0);
        _entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(ReadStatus.AskAgain, (await first).Status);

        await _entry.Origin.GiveAsync(_calls++, "v1");
        await AnsweredAsync(operation);
        var again = _entry.Read(LoadMode.Declared, operation: operation);
        await _entry.Origin.GiveAsync(_calls++, "1");

        Assert.Equal("1", Text((await again.WaitAsync(Eventually.Deadline)).Value));
        Assert.Equal(("v1", 2), ((await _entry.Explain()).OriginVersion, _entry.Origin.Count));
    }

    [Fact]
    public async Task A_load_that_takes_longer_than_a_slice_is_waited_for_without_another_question()
    {
        var operation = Guid.NewGuid();
        var first = _entry.Read(LoadMode.Declared, operation: operation);
        await _entry.Origin.GiveAsync(_calls++, "v1");
        await Eventually.TrueAsync(() => _entry.Origin.Count == 2 && _entry.Time.ActiveTimers > 0);
        _entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal(ReadStatus.AskAgain, (await first).Status);

        var again = _entry.Read(LoadMode.Declared, operation: operation);
        await _entry.Begun();
        await _entry.Origin.GiveAsync(_calls++, "1");

        Assert.Equal("1", Text((await again.WaitAsync(Eventually.Deadline)).Value));
        Assert.Equal(("v1", 2), ((await _entry.Explain()).OriginVersion, _entry.Origin.Count));
    }

    [Fact]
    public async Task A_load_that_begins_long_after_its_question_asks_again()
    {
        var operation = Guid.NewGuid();
        var older = CallAsync();
        await _entry.Origin.GiveAsync(0, "v0");
        await Eventually.TrueAsync(() => _entry.Origin.Count == 2);
        _entry.Versions.Leave(Versioned, operation, Key, new("v1"));        // it was told so, and waits for the load of another version
        var waits = CallAsync(operation: operation);
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 1);
        _entry.Time.Advance(EntryLimits.Slice);
        Assert.Equal((ReadStatus.AskAgain, ReadStatus.AskAgain), ((await older).Status, (await waits).Status));
        await _entry.Origin.GiveAsync(1, "0");
        await Eventually.TrueAsync(async () => (await _entry.Explain()).OriginVersion == "v0");

        var again = CallAsync(operation: operation);
        await _entry.Origin.GiveAsync(2, "v2");
        await _entry.Origin.GiveAsync(3, "2");

        Assert.Equal("2", Text((await again.WaitAsync(Eventually.Deadline)).Value));
        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
    }

    [Fact]
    public async Task A_refresh_is_of_the_version_from_before_it()
    {
        await ReadAsync("v1", "1");
        var refreshing = _entry.Turn(e => e.RefreshAsync(new() { Load = LoadMode.Declared, WaitMilliseconds = 2_000, OperationId = Guid.NewGuid(), Arguments = [new("code", "NL")] }, CancellationToken.None));
        await _entry.Origin.GiveAsync(_calls++, "v2");
        await _entry.Origin.GiveAsync(_calls++, "2");
        await refreshing;

        Assert.Equal((ReadStatus.Hit, "2"), await ReadAsync("v2"));
    }

    [Fact]
    public async Task A_written_value_is_found_changed_by_the_next_question_and_is_a_sessions_own_at_once()
    {
        await ReadAsync("v1", "1", session: "a");
        _entry.Time.Advance(TimeSpan.FromSeconds(1));
        await _entry.Put("mine");

        Assert.Equal("mine", Text((await CallAsync("a")).Value));
        Assert.Equal((ReadStatus.Loaded, "2"), await ReadAsync("v1", "2"));
    }

    private Task<ReadReply> CallAsync(string? session = null, Guid? operation = null) => _entry.Turn(e => e.ReadAsync(
        new() { Load = LoadMode.Declared, WaitMilliseconds = 2_000, OperationId = operation ?? Guid.NewGuid(), Arguments = [new("code", "NL")], Session = session }, CancellationToken.None));

    /// <summary>The answer to a question that took longer than a slice is left for the read.</summary>
    private async Task AnsweredAsync(Guid operation)
    {
        VersionWanted? left = null;
        await Eventually.TrueAsync(() => (left = _entry.Versions.Take(Versioned, operation, Key)) is not null);
        _entry.Versions.Leave(Versioned, operation, Key, left!.Value);
    }

    private async Task<(ReadStatus Status, string? Value)> ReadAsync(string version, string? value = null, string? session = null)
    {
        var reading = CallAsync(session);
        await _entry.Origin.EndAsync(_calls++, new OriginResult { Kind = OriginResultKind.Value, Bytes = Encoding.UTF8.GetBytes(version) });
        if (value is not null)
            await _entry.Origin.GiveAsync(_calls++, value);
        var reply = await reading;
        return (reply.Status, Text(reply.Value));
    }
}
