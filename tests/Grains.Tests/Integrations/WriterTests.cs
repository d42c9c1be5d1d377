using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Calls that write to an origin over HTTP.</summary>
public sealed class WriterTests : IAsyncLifetime
{
    private static readonly byte[] Paid = """{"status":"paid"}"""u8.ToArray();
    private TestOrigin _origin = null!;

    public async ValueTask InitializeAsync() => _origin = await TestOrigin.StartAsync();

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task The_body_goes_to_the_origin_as_it_came_and_its_answer_is_kept_with_the_readers_tags()
    {
        var sent = "";
        _origin.Answer = async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            sent = await reader.ReadToEndAsync();
            context.Response.Headers.Location = "/orders/42";
            await TestOrigin.Json(context, """{"id":"42"}""", StatusCodes.Status201Created);
        };
        await using var harness = Harness();

        var answer = await WriteAsync(harness, "put", Paid);

        Assert.Equal(("PUT", "/orders/42", """{"status":"paid"}""", "application/json"), (_origin.Seen.Single().Method, _origin.Seen.Single().Target, sent, _origin.Seen.Single().Headers["Content-Type"]));
        Assert.Equal((OriginWriteEnd.Written, 201, "/orders/42", true), (answer.End, answer.StatusCode, answer.Location, answer.IsKept));
        Assert.Equal(("""{"id":"42"}""", "order:42"), (Encoding.UTF8.GetString(answer.Bytes!), Assert.Single(answer.Tags)));
        Assert.All(harness.Limiters.Of("partner").Seen, static asked => Assert.Equal(PermitStatus.Granted, asked.Reply.Status));      // one that lapsed on a busy machine is asked for anew
    }

    [Theory]
    [InlineData("put", 200, "{}", true)]
    [InlineData("put", 204, "", false)]
    [InlineData("put", 202, "{}", false)]
    [InlineData("delete", 200, "{}", false)]
    [InlineData("post", 200, "{}", false)]
    public async Task An_answer_without_a_value_or_of_a_write_not_yet_done_and_a_delete_leave_none(string method, int status, string body, bool isKept)
    {
        _origin.Answer = context =>
        {
            context.Response.StatusCode = status;
            return body.Length > 0 ? context.Response.WriteAsync(body) : Task.CompletedTask;
        };
        await using var harness = Harness();

        Assert.Equal((OriginWriteEnd.Written, isKept), (await WriteAsync(harness, method) is var answer ? answer.End : default, answer.IsKept));
    }

    [Theory]
    [InlineData(409, OriginWriteEnd.Refused)]
    [InlineData(404, OriginWriteEnd.Refused)]
    [InlineData(429, OriginWriteEnd.Refused)]
    [InlineData(500, OriginWriteEnd.Doubtful)]
    [InlineData(503, OriginWriteEnd.Doubtful)]
    [InlineData(303, OriginWriteEnd.Doubtful)]
    internal async Task What_the_origin_says_tells_whether_it_has_the_write(int status, OriginWriteEnd end)
    {
        _origin.AnswerStatus(status);
        await using var harness = Harness();

        var answer = await WriteAsync(harness, "post", Paid);

        Assert.Equal((end, status, false), (answer.End, answer.Problem!.StatusCode, answer.IsKept));
        Assert.Single(_origin.Seen);
    }

    [Theory]
    [InlineData(201, true)]
    [InlineData(500, true)]
    [InlineData(409, false)]
    public async Task What_a_call_in_nobodys_turn_makes_out_of_date_is_invalidated_by_who_made_it_unless_the_origin_refused(int status, bool isRaised)
    {
        _origin.AnswerStatus(status);
        await using var harness = Harness();

        var answer = await WriteAsync(harness, "post", Paid, "orders");

        Assert.Equal((isRaised, isRaised), (answer.AreTagsRaised, harness.Tags.LastRaise(TagHash.Of("orders")) > 0));
    }

    [Fact]
    public async Task A_store_that_is_away_leaves_the_raise_to_be_made_again_and_the_caller_is_told()
    {
        var time = new ManualTimeProvider();
        await using var harness = Harness(clock: time);
        harness.Tags.Raising = static () => throw new StoreUnavailableException("away", maybeApplied: true);

        Assert.False((await OriginHarness.DriveAsync(WriteAsync(harness, "post", Paid, "orders"), time, TimeSpan.FromMilliseconds(100))).AreTagsRaised);
        harness.Tags.Raising = static () => Task.CompletedTask;

        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return harness.Tags.LastRaise(TagHash.Of("orders")) > 0;
        });
    }

    [Theory]
    [InlineData("post", null, 1)]
    [InlineData("patch", null, 1)]
    [InlineData("put", null, 3)]
    [InlineData("delete", null, 3)]
    [InlineData("post", "true", 3)]
    [InlineData("put", "false", 1)]
    public async Task Only_what_may_be_repeated_is_retried(string method, string? idempotent, int attempts)
    {
        _origin.AnswerStatus(500);
        await using var harness = Harness(new() { [$"Methods:{method}:Idempotent"] = idempotent });

        await WriteAsync(harness, method, Paid);

        Assert.Equal(attempts, _origin.Seen.Count);
    }

    [Fact]
    public async Task A_refusal_after_an_attempt_without_an_answer_leaves_the_doubt_and_a_success_ends_it()
    {
        var calls = 0;
        _origin.Answer = context => TestOrigin.Json(context, "{}", Interlocked.Increment(ref calls) is 1 or 3 ? 500 : calls == 2 ? 404 : 200);
        await using var harness = Harness();

        Assert.Equal((OriginWriteEnd.Doubtful, 404), (await WriteAsync(harness, "delete") is var gone ? gone.End : default, gone.StatusCode));
        Assert.Equal(OriginWriteEnd.Written, (await WriteAsync(harness, "put", Paid)).End);
    }

    [Fact]
    public async Task A_write_that_never_left_was_refused()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        await using var harness = Harness(new() { ["BaseAddress"] = $"http://{closed.LocalEndPoint}/" });

        Assert.Equal((OriginWriteEnd.Refused, "origin-reset"), (await WriteAsync(harness, "put", Paid) is var answer ? answer.End : default, answer.Problem!.Detail));
    }

    [Fact]
    public async Task A_connection_that_ends_under_a_write_leaves_doubt_and_the_client_does_not_send_it_again_by_itself()
    {
        using var origin = new RawOrigin();
        await using var harness = Harness(new() { ["BaseAddress"] = origin.Address, ["Methods:delete:Idempotent"] = "false" });
        var first = WriteAsync(harness, "delete");
        var kept = await origin.AcceptAsync();
        await RawOrigin.ReadAsync(kept);
        await RawOrigin.AnswerAsync(kept);
        await first;

        var second = WriteAsync(harness, "delete");
        await RawOrigin.ReadAsync(kept);
        await kept.DisposeAsync();

        Assert.Equal((OriginWriteEnd.Doubtful, "origin-reset"), (await second.WaitAsync(Eventually.Deadline) is var answer ? answer.End : default, answer.Problem!.Detail));
    }

    [Fact]
    public async Task The_callers_token_goes_along_to_the_origin_and_nobodys_call_has_none()
    {
        await using var harness = Harness();
        var read = new OriginCall { Policy = harness.Policies.For(RegionName.OfMethod("default", "1.0", "partner", "order")), Arguments = [new("id", "42")] };

        await harness.Caller.CallAsync(read with { Caller = new("t1") }, TestContext.Current.CancellationToken);
        await harness.Caller.WriteAsync("partner", new() { Method = "put", Arguments = [new("id", "42")], Caller = new("t2") });
        await harness.Caller.CallAsync(read, TestContext.Current.CancellationToken);

        Assert.Equal(["Bearer t1", "Bearer t2", null], _origin.Seen.Select(seen => seen.Headers.GetValueOrDefault("Authorization")));
    }

    [Fact]
    public async Task What_may_not_be_repeated_uses_its_permit_on_one_connection_only()
    {
        static PermitSlip Slip(bool isOnce) => new(new(PermitKind.NotNeeded), _ => default, TimeProvider.System, CancellationToken.None) { IsOnce = isOnce };
        var (once, any) = (Slip(isOnce: true), Slip(isOnce: false));
        var (first, second) = (new object(), new object());
        foreach (var slip in new[] { once, any })
        {
            await slip.BeforeWriteAsync(first);
            await slip.BeforeWriteAsync(first);
        }

        await any.BeforeWriteAsync(second);
        await Assert.ThrowsAsync<IOException>(() => once.BeforeWriteAsync(second).AsTask());
    }

    [Fact]
    public async Task A_writer_is_never_called_to_read_nor_a_reader_to_write()
    {
        await using var harness = Harness();

        var read = await harness.CallAsync("put", arguments: ("id", "42"));
        var written = await WriteAsync(harness, "order");

        Assert.Equal((ProblemKind.BadCall, "wrong-method"), (read.Problem!.Kind, read.Problem.Detail));
        Assert.Equal((OriginWriteEnd.Refused, "wrong-method"), (written.End, written.Problem!.Detail));
        Assert.Empty(_origin.Seen);
    }

    private OriginHarness Harness(Dictionary<string, string?>? more = null, TimeProvider? clock = null)
    {
        var settings = new Dictionary<string, string?>
        {
            ["BaseAddress"] = _origin.Address,
            ["RateLimit:PerSecond"] = "1000",
            ["Retry:MaxRetryAttempts"] = "2",
            ["Retry:Delay"] = "00:00:00",
            ["CircuitBreaker:Enabled"] = "false",
            ["Methods:order:Get"] = "orders/{id}",
            ["Methods:order:Tags:0"] = "order:{id}",
            ["Methods:put:Put"] = "orders/{id}",
            ["Methods:put:Writes"] = "order",
            ["Methods:patch:Patch"] = "orders/{id}",
            ["Methods:patch:Writes"] = "order",
            ["Methods:delete:Delete"] = "orders/{id}",
            ["Methods:delete:Writes"] = "order",
            ["Methods:post:Post"] = "orders?id={id}",
            ["Methods:post:Invalidates:0"] = "orders",
        };
        foreach (var (key, value) in more ?? [])
            settings[key] = value;
        return OriginHarness.Make(settings, clock);
    }

    private static Task<WriterAnswer> WriteAsync(OriginHarness harness, string method, byte[]? body = null, params string[] invalidates) => harness.Caller.WriteAsync("partner", new()
    {
        OperationId = Guid.NewGuid(),
        Method = method,
        Arguments = [new("id", "42")],
        Body = body,
        ContentType = body is null ? null : "application/json",
        Invalidates = [.. invalidates],
    });
}
