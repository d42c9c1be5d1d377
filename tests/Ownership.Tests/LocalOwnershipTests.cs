using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Ownership.Tests;

public sealed class LocalOwnershipTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("oc-ownership-").FullName;
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (LocalOwnership Ownership, LocalClusterClock Clock) Create(string? folder)
    {
        var clock = new LocalClusterClock(_time);
        return (new(self: "silo-0", folder, clock, _time, NullLogger<LocalOwnership>.Instance), clock);
    }

    private async Task<(LocalOwnership Ownership, LocalClusterClock Clock)> StartAsync()
    {
        var created = Create(_folder);
        var start = created.Ownership.StartAsync(Cancellation).AsTask();
        await Eventually.TrueAsync(() =>
        {
            if (!start.IsCompleted)
                _time.Advance(TimeSpan.FromMilliseconds(10));       // what a crash reserved is waited out
            return start.IsCompleted;
        }, cancellationToken: Cancellation);
        await start;
        return created;
    }

    [Fact]
    public async Task A_silo_owns_every_key_of_its_folder_while_it_holds_the_lock()
    {
        var (ownership, _) = Create(_folder);
        Assert.False(ownership.FenceHolds);
        Assert.False(ownership.Owns(7));

        await ownership.StartAsync(Cancellation);
        Assert.True(ownership.FenceHolds);
        Assert.True(ownership.Owns(7));

        ownership.Dispose();
        Assert.False(ownership.FenceHolds);
    }

    [Fact]
    public async Task Every_start_has_a_higher_epoch()
    {
        for (var start = 1; start <= 3; start++)
        {
            var (ownership, _) = await StartAsync();
            Assert.Equal((start, start), (ownership.View, ownership.EpochOf(7)));
            ownership.Dispose();
        }
    }

    [Fact]
    public async Task A_clean_stop_leaves_its_mark_and_a_crash_does_not()
    {
        var (first, _) = await StartAsync();
        Assert.True(first.FormerStoppedCleanly);
        first.Dispose();
        var (second, _) = await StartAsync();
        Assert.True(second.FormerStoppedCleanly);
        Crash(second);

        var (third, _) = await StartAsync();

        Assert.False(third.FormerStoppedCleanly);
        third.Dispose();
    }

    [Fact]
    public async Task A_folder_that_is_held_is_refused_with_its_name_the_pid_and_the_way_out()
    {
        var (holder, _) = await StartAsync();

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.Contains($"{_folder} is in use by pid {Environment.ProcessId}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refusal.Message, StringComparison.Ordinal);
        holder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cluster_time_does_not_fall_when_the_wall_clock_is_set_back_between_starts(bool cleanly)
    {
        var (ownership, clock) = await StartAsync();
        _time.Advance(TimeSpan.FromSeconds(100));
        var last = clock.Now;
        if (cleanly)
            ownership.Dispose();
        else
            Crash(ownership);

        _time.ShiftWallClock(TimeSpan.FromHours(-1));
        (ownership, clock) = await StartAsync();

        Assert.InRange(clock.Now, last + 1, last + LocalOwnership.Reserve + 1);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(clock.Now, last + 1_000_000, last + 1_000_001 + LocalOwnership.Reserve);
        ownership.Dispose();
    }

    [Fact]
    public async Task A_start_after_a_crash_waits_for_the_time_that_was_reserved_and_jumps_over_none()
    {
        var (crashed, clock) = await StartAsync();
        var last = clock.Now;
        Crash(crashed);
        var (ownership, again) = Create(_folder);

        var start = ownership.StartAsync(Cancellation).AsTask();
        Assert.False(start.IsCompleted);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            return start.IsCompleted;
        }, cancellationToken: Cancellation);
        await start;

        Assert.Equal((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, again.Now);
        Assert.InRange(again.Now, last + LocalOwnership.Reserve, long.MaxValue);
        ownership.Dispose();
    }

    [Fact]
    public async Task Cluster_time_does_not_notice_that_the_wall_clock_is_set_while_running()
    {
        var (ownership, clock) = await StartAsync();
        var before = clock.Now;

        _time.ShiftWallClock(TimeSpan.FromHours(-1));
        _time.Advance(TimeSpan.FromMilliseconds(5));

        Assert.Equal(before + 5000, clock.Now);
        ownership.Dispose();
    }

    [Fact]
    public async Task Cluster_time_follows_the_wall_clock_when_that_is_ahead()
    {
        var (ownership, _) = await StartAsync();
        ownership.Dispose();
        _time.Advance(TimeSpan.FromDays(1));

        (ownership, var clock) = await StartAsync();

        Assert.Equal((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10, clock.Now);
        ownership.Dispose();
    }

    [Fact]
    public async Task Of_two_copies_of_the_lease_one_may_be_torn()
    {
        for (var copy = 0; copy < 2; copy++)
        {
            var (ownership, _) = await StartAsync();
            var view = ownership.View;
            ownership.Dispose();
            var file = Path.Combine(_folder, "lease");
            var bytes = await File.ReadAllBytesAsync(file, Cancellation);
            Array.Clear(bytes, copy * 4096, 32);
            await File.WriteAllBytesAsync(file, bytes, Cancellation);

            (ownership, _) = await StartAsync();

            Assert.InRange(ownership.View, view, view + 1);
            ownership.Dispose();
        }
    }

    [Fact]
    public async Task A_lease_with_both_copies_damaged_is_refused_by_its_path()
    {
        var (ownership, _) = await StartAsync();
        ownership.Dispose();
        var file = Path.Combine(_folder, "lease");
        await File.WriteAllBytesAsync(file, [.. Enumerable.Repeat((byte)7, 5000)], Cancellation);

        var refusal = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.Contains(file, refusal.Message, StringComparison.Ordinal);
        File.Delete(file);
        (ownership, _) = await StartAsync();       // the refused start let go of the folder
        ownership.Dispose();
    }

    [Fact]
    public async Task After_a_clean_stop_a_start_waits_for_nothing_and_who_waits_for_the_fence_has_it()
    {
        var (ownership, _) = await StartAsync();
        ownership.Dispose();
        (ownership, _) = Create(Path.Combine(_folder, "."));
        var changes = 0;
        ownership.Changed += () => changes++;
        var fence = ownership.WaitForFenceAsync(TimeSpan.FromSeconds(2), Cancellation).AsTask();
        Assert.False(fence.IsCompleted);

        Assert.True(ownership.StartAsync(Cancellation).AsTask().IsCompletedSuccessfully);

        Assert.True(await fence);
        Assert.Equal((1, "silo-0"), (changes, ownership.Placement.Members.Single().Name));
        ownership.Dispose();
    }

    [Fact]
    public async Task Who_waits_for_a_fence_that_does_not_come_is_told_so_at_the_limit()
    {
        var (ownership, _) = Create(folder: null);
        var wait = ownership.WaitForFenceAsync(TimeSpan.FromSeconds(1), Cancellation).AsTask();
        Assert.False(wait.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(await wait);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ownership.WaitForFenceAsync(TimeSpan.FromSeconds(1), new(canceled: true)));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_made()
    {
        var (ownership, _) = Create(Path.Combine(_folder, "new", "folder"));

        await ownership.StartAsync(Cancellation);

        Assert.True(ownership.FenceHolds);
        ownership.Dispose();
    }

    [Fact]
    public async Task A_clock_is_still_read_after_the_folder_was_given_up()
    {
        var (ownership, clock) = await StartAsync();
        ownership.Dispose();
        var last = clock.Now;

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(last + 10_000_000, clock.Now);
    }

    [Fact]
    public void Time_is_reserved_once_for_many_readings()
    {
        var reserved = new List<long>();
        var clock = new LocalClusterClock(_time);
        clock.StartAbove(clock.Now, now =>
        {
            reserved.Add(now);
            return now + 1_000;
        });

        for (var i = 0; i < 15; i++)
        {
            _time.Advance(TimeSpan.FromMicroseconds(100));
            _ = clock.Now;
        }

        Assert.Equal(2, reserved.Count);
    }

    [Fact]
    public void Cluster_time_does_not_fall_with_the_machines_own()
    {
        var machine = new FallingClock();
        var clock = new LocalClusterClock(machine);
        machine.Timestamp = 10_000;
        var last = clock.Now;

        machine.Timestamp = 9_000;

        Assert.Equal(last, clock.Now);
    }

    [Fact]
    public void A_lease_of_another_format_or_with_a_flipped_bit_is_none()
    {
        var bytes = new byte[LocalLease.Length];
        new LocalLease(1, 2, 3, true).Write(bytes);
        Assert.Equal(new LocalLease(1, 2, 3, true), LocalLease.Read(bytes));

        bytes[24] ^= 1;
        Assert.Null(LocalLease.Read(bytes));
        (bytes[24], bytes[1]) = ((byte)(bytes[24] ^ 1), (byte)'X');
        SHA256.HashData(bytes.AsSpan(0, 40)).AsSpan(0, 24).CopyTo(bytes.AsSpan(40));
        Assert.Null(LocalLease.Read(bytes));
    }

    [Fact]
    public async Task Without_a_folder_the_silo_owns_what_it_keeps_in_memory()
    {
        var (ownership, clock) = Create(folder: null);

        await ownership.StartAsync(Cancellation);

        Assert.Equal((true, 1), (ownership.FenceHolds, ownership.EpochOf(7)));
        var now = clock.Now;
        _time.Advance(TimeSpan.FromDays(400));
        Assert.True(clock.Now > now);
        Assert.True(ownership.FenceHolds);
        ownership.Dispose();
    }

    [Fact]
    public async Task Commit_wait_ends_when_the_instant_has_come()
    {
        var (ownership, clock) = Create(folder: null);
        await ownership.StartAsync(Cancellation);

        Assert.True(clock.PassedAsync(clock.Now, Cancellation).AsTask().IsCompletedSuccessfully);
        var wait = clock.PassedAsync(clock.Now + 2500, Cancellation).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await wait;
    }

    private sealed class FallingClock : TimeProvider
    {
        public long Timestamp { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Timestamp;
    }

    // As if the process had ended: the kernel drops the lock, nobody writes a mark.
    private void Crash(LocalOwnership ownership)
    {
        var file = Path.Combine(_folder, "lease");
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            ownership.Dispose();
            File.WriteAllBytes(file + ".crashed", bytes);
        }
        File.Move(file + ".crashed", file, overwrite: true);
    }
}
