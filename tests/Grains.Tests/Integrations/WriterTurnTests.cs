using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>A call that writes leaves for the origin in its turn or not at all.</summary>
public sealed class WriterTurnTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private TestOrigin _origin = null!;
    private OriginHarness _harness = null!;

    public async ValueTask InitializeAsync()
    {
        _origin = await TestOrigin.StartAsync();
        _harness = OriginHarness.Make(
            new()
            {
                ["BaseAddress"] = _origin.Address,
                ["RateLimit:PerSecond"] = "1000",
                ["Retry:MaxRetryAttempts"] = "2",
                ["Retry:Delay"] = "00:00:00",
                ["CircuitBreaker:Enabled"] = "false",
                ["Methods:order:Get"] = "orders/{id}",
                ["Methods:put:Put"] = "orders/{id}",
                ["Methods:put:Writes"] = "order",
            },
            _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Fact]
    public async Task Once_the_turn_is_over_the_origin_is_not_asked()
    {
        _harness.Turn.Answer = _ => FakeTurn.Lost;

        var answer = await WriteAsync();

        Assert.Equal((OriginWriteEnd.Refused, ProblemKind.Unavailable, 1_000), (answer.End, answer.Problem!.Kind, answer.Problem.RetryAfterMilliseconds));
        Assert.Empty(_origin.Seen);
    }

    [Fact]
    public async Task An_entry_that_does_not_answer_or_cannot_prove_the_turn_is_asked_again()
    {
        _harness.Turn.Answer = asked => asked switch
        {
            1 => throw new SiloUnavailableException("gone"),
            2 => new() { Status = OriginWriteStatus.AskAgain },
            3 => new() { Status = OriginWriteStatus.NotOwner },
            _ => FakeTurn.Granted,
        };

        Assert.Equal(OriginWriteEnd.Written, (await OriginHarness.DriveAsync(WriteAsync(), _time, TimeSpan.FromMilliseconds(100))).End);
        Assert.Single(_origin.Seen);
    }

    [Fact]
    public async Task A_turn_that_nobody_proves_is_not_waited_for_for_ever()
    {
        _harness.Turn.Answer = _ => default;

        Assert.Equal(OriginWriteEnd.Refused, (await OriginHarness.DriveAsync(WriteAsync(), _time, TimeSpan.FromMilliseconds(100))).End);
        Assert.Empty(_origin.Seen);
    }

    [Fact]
    public async Task A_proof_that_was_on_its_way_too_long_is_none()
    {
        _harness.Turn.Answer = asked =>
        {
            if (asked == 1)
                _time.Advance(EntryLimits.LoadLease);
            return asked == 1 ? FakeTurn.Granted : FakeTurn.Lost;
        };

        Assert.Equal(OriginWriteEnd.Refused, (await OriginHarness.DriveAsync(WriteAsync(), _time, TimeSpan.FromMilliseconds(100))).End);
        Assert.Empty(_origin.Seen);
    }

    [Fact]
    public async Task A_silo_that_was_paused_before_the_call_left_does_not_let_it_leave()
    {
        var limiter = _harness.Limiters.Of("partner");
        limiter.OnGranted = () =>
        {
            limiter.OnGranted = static () => { };
            _time.Advance(EntryLimits.LoadLease);
        };
        _harness.Turn.Answer = asked => asked == 1 ? FakeTurn.Granted : FakeTurn.Lost;

        var answer = await WriteAsync();

        Assert.Equal((OriginWriteEnd.Refused, ProblemKind.Unavailable), (answer.End, answer.Problem!.Kind));
        Assert.Empty(_origin.Seen);
    }

    [Fact]
    public async Task A_write_that_did_not_leave_is_no_call_and_closes_no_breaker()
    {
        _harness.Reconfigure(new() { ["CircuitBreaker:Enabled"] = "true", ["CircuitBreaker:MinimumThroughput"] = "2", ["Retry:MaxRetryAttempts"] = "0" });
        _origin.AnswerStatus(503);
        await WriteAsync();
        await WriteAsync();
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("half-open", _harness.Caller.DescribeBreaker("partner"));
        var (limiter, asked) = (_harness.Limiters.Of("partner"), _harness.Turn.Asked);
        limiter.OnGranted = () =>
        {
            limiter.OnGranted = static () => { };
            _time.Advance(EntryLimits.LoadLease);
        };
        _harness.Turn.Answer = now => now == asked + 1 ? FakeTurn.Granted : FakeTurn.Lost;

        var late = await WriteAsync();

        Assert.Equal((OriginWriteEnd.Refused, ProblemKind.Unavailable), (late.End, late.Problem!.Kind));
        Assert.StartsWith("open until", _harness.Caller.DescribeBreaker("partner"), StringComparison.Ordinal);
        Assert.Equal((2, 2), (_origin.Seen.Count, _harness.Caller.StatusOf("partner")!.Calls));
        _harness.Turn.Answer = static _ => FakeTurn.Granted;
        Assert.Contains("last with origin-503", (await WriteAsync()).Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_long_body_whose_turn_ends_on_the_way_the_rest_does_not_leave_and_it_stays_in_doubt()
    {
        using var origin = new RawOrigin();
        _harness.Reconfigure(new() { ["BaseAddress"] = origin.Address });
        _harness.Turn.Answer = asked => asked == 1 ? FakeTurn.Granted : FakeTurn.Lost;

        var write = WriteAsync(new byte[32 << 20]);
        await using var connection = await origin.AcceptAsync();
        var head = await RawOrigin.ReadAsync(connection);
        await Eventually.TrueAsync(() => _time.ActiveTimers > 0);
        _time.Advance(EntryLimits.LoadLease);
        var got = await RawOrigin.DrainAsync(connection, 32 << 20);

        Assert.Contains($"Content-Length: {32 << 20}", head, StringComparison.Ordinal);
        Assert.InRange(got, 1, (32 << 20) - 1);
        Assert.Equal(OriginWriteEnd.Doubtful, (await OriginHarness.DriveAsync(write, _time, TimeSpan.FromMilliseconds(100))).End);
    }

    [Fact]
    public async Task Every_piece_of_a_long_write_is_held_against_the_turn()
    {
        using var wire = new SlowWire(() => _time.Advance(EntryLimits.LoadLease));
        await using var stream = new PermitStream(wire);
        var turn = new WriterTurn(_harness.Turn.Entry, FakeTurn.Ticket.Ticket, _time);
        Assert.True(await turn.TakeAsync());
        var slip = PermitSlip.Current = new(new(PermitKind.NotNeeded), _ => default, _time, default) { Turn = turn };

        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync(new byte[1 << 20], TestContext.Current.CancellationToken));

        Assert.InRange(wire.Length, 1, (1 << 20) - 1);
        Assert.True(slip is { IsUsed: true, IsTooLate: true });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_retried_is_not_sent_again_after_its_turn_and_stays_in_doubt(bool isTold)
    {
        _harness.Turn.Answer = asked => asked == 1 ? FakeTurn.Granted : isTold ? FakeTurn.Lost : default;
        _origin.Answer = async context =>
        {
            await Eventually.TrueAsync(() => _time.ActiveTimers > 0 && _harness.Turn.Asked == 1);
            _time.Advance(isTold ? EntryLimits.LoadLease / 3 : EntryLimits.LoadLease);
            await Eventually.TrueAsync(() => _harness.Turn.Asked == 2);
            await TestOrigin.Json(context, "{}", 500);
        };

        var answer = await WriteAsync();

        Assert.Equal((OriginWriteEnd.Doubtful, 500), (answer.End, answer.StatusCode));
        Assert.Single(_origin.Seen);
    }

    [Fact]
    public async Task While_the_call_runs_its_turn_is_kept_and_not_after_it()
    {
        var release = new TaskCompletionSource();
        _origin.Answer = async context =>
        {
            await release.Task;
            await TestOrigin.Json(context, "{}");
        };
        var write = WriteAsync();
        await Eventually.TrueAsync(() => !_origin.Seen.IsEmpty);
        for (var third = 1; third <= 6; third++)
        {
            await Eventually.TrueAsync(() => _time.ActiveTimers > 0 && _harness.Turn.Asked == third);
            _time.Advance(EntryLimits.LoadLease / 3);
        }

        release.SetResult();
        Assert.Equal(OriginWriteEnd.Written, (await write.WaitAsync(Eventually.Deadline)).End);
        var asked = _harness.Turn.Asked;
        _time.Advance(EntryLimits.LoadLease);
        Assert.Equal(asked, _harness.Turn.Asked);
    }

    private Task<WriterAnswer> WriteAsync(byte[]? body = null) => _harness.Caller.WriteAsync("partner", new()
    {
        OperationId = Guid.NewGuid(),
        Method = "put",
        Arguments = [new("id", "42")],
        Body = body ?? "{}"u8.ToArray(),
        ContentType = "application/json",
        Turn = FakeTurn.Ticket,
    });

    /// <summary>Takes its time over every write.</summary>
    private sealed class SlowWire(Action onWritten) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            onWritten();
        }
    }
}
