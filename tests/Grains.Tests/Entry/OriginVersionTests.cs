using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Values of an origin's version, and readers who go by one.</summary>
public sealed class OriginVersionTests
{
    private static readonly EntryLifetime Hour = new() { FreshMilliseconds = 3_600_000 };
    private static readonly EntryLifetime HourAndStale = Hour with { StaleMilliseconds = 60_000 };
    private readonly EntryHarness _entry = new();

    [Fact]
    public async Task The_same_version_is_served_and_another_is_loaded_and_stored_with_it()
    {
        await LoadAsync("v1", "1");

        Assert.Equal((ReadStatus.Hit, "1"), await _entry.LeaseOf("v1") is var same ? (same.Status, Text(same.Value)) : default);
        await LoadAsync("v2", "2");

        Assert.Equal((ReadStatus.Hit, "2"), await _entry.LeaseOf("v2") is var next ? (next.Status, Text(next.Value)) : default);
        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
    }

    [Fact]
    public async Task Who_goes_by_no_version_is_served_any()
    {
        await LoadAsync("v1", "1");

        Assert.Equal(ReadStatus.Hit, (await _entry.LeaseOf(null)).Status);
        Assert.Equal(ReadStatus.Hit, (await _entry.Get()).Status);
    }

    [Fact]
    public async Task A_written_value_is_of_no_version_and_is_loaded_again()
    {
        await _entry.Put("1");

        Assert.Equal(ReadStatus.Lease, (await _entry.LeaseOf("v1")).Status);
    }

    [Fact]
    public async Task An_equal_result_takes_the_new_version_and_keeps_the_values()
    {
        await LoadAsync("v1", "1");
        var version = (await _entry.Get()).Value!.Version;

        await LoadAsync("v2", "1");

        Assert.Equal((ReadStatus.Hit, version), await _entry.LeaseOf("v2") is var reply ? (reply.Status, reply.Value!.Version) : default);
    }

    [Fact]
    public async Task A_load_belongs_to_the_version_that_was_asked_for_before_it_began()
    {
        var first = await _entry.LeaseOf("v1");
        var (same, other) = (_entry.LeaseOf("v1"), _entry.LeaseOf("v2"));

        await _entry.Complete(first.Ticket!, "1", Hour);

        Assert.Equal((ReadStatus.Joined, "1"), await same is var joined ? (joined.Status, Text(joined.Value)) : default);
        var second = await other;
        Assert.Equal(ReadStatus.Lease, second.Status);
        Assert.Equal("v1", (await _entry.Explain()).OriginVersion);
        await _entry.Complete(second.Ticket!, "2", Hour);
        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
    }

    [Fact]
    public async Task A_lease_that_another_takes_over_is_of_its_own_version()
    {
        var vanished = await _entry.LeaseOf("v1");
        _entry.Time.Advance(EntryLimits.LoadLease / 2);
        var next = _entry.LeaseOf("v2");
        await Eventually.TrueAsync(() => _entry.Time.ActiveTimers > 0);
        _entry.Time.Advance(EntryLimits.LoadLease / 2);

        await _entry.Complete((await next).Ticket!, "2", Hour);

        Assert.Equal("lease-lost", (await _entry.Complete(vanished.Ticket!, "1", Hour)).Detail);
        Assert.Equal(ReadStatus.Hit, (await _entry.LeaseOf("v2")).Status);
    }

    [Fact]
    public async Task A_load_that_waited_for_its_permit_is_of_the_version_of_who_gets_it()
    {
        _entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 100 });
        Assert.Equal(ReadStatus.AskAgain, (await _entry.LeaseOf("v1", wait: 0, limiter: "partner")).Status);

        var lease = await _entry.LeaseOf("v2", limiter: "partner");
        await _entry.Complete(lease.Ticket!, "2", Hour);

        Assert.Equal("v2", (await _entry.Explain()).OriginVersion);
    }

    [Fact]
    public async Task Who_goes_by_a_version_from_earlier_is_given_what_is_there_or_is_loaded_and_no_lease_of_its_own()
    {
        Assert.Equal(ReadStatus.AskVersion, (await _entry.LeaseOf("v1", isRemembered: true)).Status);
        var lease = await _entry.LeaseOf("v1");
        var waits = _entry.LeaseOf("v1", isRemembered: true);
        await _entry.Complete(lease.Ticket!, "1", Hour);

        Assert.Equal("1", Text((await waits).Value));
        Assert.Equal(ReadStatus.Hit, (await _entry.LeaseOf("v1", isRemembered: true)).Status);
    }

    [Fact]
    public async Task Who_goes_by_a_version_from_earlier_takes_no_lease_over()
    {
        _entry.Limiter.Replies.Enqueue(new() { Status = PermitStatus.Wait, RetryAfterMilliseconds = 100 });
        Assert.Equal(ReadStatus.AskAgain, (await _entry.LeaseOf("v1", wait: 0, limiter: "partner")).Status);

        Assert.Equal(ReadStatus.AskVersion, (await _entry.LeaseOf("v1", limiter: "partner", isRemembered: true)).Status);
    }

    [Fact]
    public async Task A_session_with_an_older_version_is_served_what_was_retrieved_since_it_looked_and_nothing_older()
    {
        await LoadAsync("v1", "1");
        var seen = (await _entry.LeaseOf("v1")).Value!.LastRetrieved;
        _entry.Time.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync("v2", "2");

        Assert.Equal((ReadStatus.Hit, "2"), await _entry.LeaseOf("v1", seen) is var reply ? (reply.Status, Text(reply.Value)) : default);
        Assert.Equal(ReadStatus.Lease, (await _entry.LeaseOf("v1", (await _entry.Get()).Value!.LastRetrieved + 1)).Status);
    }

    [Fact]
    public async Task The_ceiling_on_lifetime_starts_when_the_value_is_stored_and_the_same_version_does_not_move_it()
    {
        _entry.Time.Advance(TimeSpan.FromMinutes(59));      // a full hour is not to end at the next full hour
        await LoadAsync("v1", "1");

        _entry.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(ReadStatus.Hit, (await _entry.LeaseOf("v1")).Status);
        _entry.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(ReadStatus.Lease, (await _entry.LeaseOf("v1")).Status);
    }

    [Theory]
    [InlineData(true, "1")]
    [InlineData(false, null)]
    public async Task A_changed_value_is_served_after_a_failed_load_only_where_it_has_stale_time(bool hasStaleTime, string? served)
    {
        await LoadAsync("v1", "1", hasStaleTime ? HourAndStale : Hour);
        var lease = await _entry.LeaseOf("v2");
        var waits = _entry.LeaseOf("v2");

        var failed = await _entry.Fail(lease.Ticket!, new() { Kind = ProblemKind.OriginFailed, Detail = "down" });

        Assert.Equal(served, Text(failed.Value));
        Assert.Equal((hasStaleTime ? ReadStatus.Stale : ReadStatus.Failed, served), await waits is var reply ? (reply.Status, Text(reply.Value)) : default);
        Assert.Equal(hasStaleTime ? ReadStatus.Stale : ReadStatus.Lease, (await _entry.LeaseOf("v2")).Status);
        Assert.Equal(ReadStatus.Hit, (await _entry.LeaseOf("v1")).Status);
    }

    [Fact]
    public async Task A_version_is_stored_beside_its_value_and_comes_back_with_it()
    {
        await LoadAsync("v1", "1");

        _entry.Crash();

        Assert.Equal("v1", _entry.Stored!.OriginVersion);
        Assert.Equal((ReadStatus.Hit, "1"), await _entry.LeaseOf("v1") is var reply ? (reply.Status, Text(reply.Value)) : default);
        Assert.Equal(ReadStatus.Lease, (await _entry.LeaseOf("v2")).Status);
    }

    private async Task LoadAsync(string version, string value, EntryLifetime? lifetime = null)
    {
        var lease = await _entry.LeaseOf(version);
        Assert.Equal(ReadStatus.Lease, lease.Status);
        Assert.True((await _entry.Complete(lease.Ticket!, value, lifetime ?? Hour)).Stored);
    }
}
