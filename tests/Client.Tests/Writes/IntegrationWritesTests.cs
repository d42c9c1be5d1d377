using OrleansCache.Fakes;

namespace OrleansCache.Writes;

/// <summary>Writes by a method that the silos declare, over scripted grains.</summary>
public sealed class IntegrationWritesTests : IAsyncDisposable
{
    private static readonly CacheKey Netherlands = CacheKey.For("shop:1.0:partner:country", ("code", "NL"));
    private readonly FakeCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_origins_answer_takes_the_place_of_the_readers_entry_and_then_the_tags_are_raised()
    {
        _cluster.Writer.Answer = _ =>
        {
            Assert.Empty(_cluster.EntryOf(Netherlands).Ends);
            return new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 200, Bytes = "paid"u8.ToArray(), ContentType = "text/plain", Location = "/x", IsKept = true, Tags = ["t"] };
        };

        var written = await WriteAsync("setCountry", ("code", "NL"));

        Assert.Equal(new("paid", 1, 200, "/x"), written);
        var call = Assert.Single(_cluster.Writer.Calls);
        Assert.Equal(("setCountry", "{\"name\":\"n\"}", "application/json", false), (call.Method, System.Text.Encoding.UTF8.GetString(call.Body!), call.ContentType, call.IsRepeated));
        var end = Assert.Single(_cluster.EntryOf(Netherlands).Ends);
        Assert.Equal((OriginWriteEnd.Written, "paid", "t"), (end.End, System.Text.Encoding.UTF8.GetString(end.Value.Bytes!), Assert.Single(end.Value.Lifetime!.Tags)));
        Assert.Equal(["country:NL"], Assert.Single(_cluster.Tags.Raised));
    }

    [Fact]
    public async Task A_tag_that_none_can_raise_does_not_fail_a_write_that_the_origin_has()
    {
        _cluster.Writer.Answer = _ => new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 200, Bytes = "1"u8.ToArray(), ContentType = "text/plain", IsKept = true, Tags = ["order:a,b", "t"] };

        Assert.Equal("1", (await WriteAsync("setCountry", ("code", "NL"))).Value);

        Assert.Equal(["t"], Assert.Single(_cluster.EntryOf(Netherlands).Ends).Value.Lifetime!.Tags);
        Assert.Single(_cluster.Tags.Raised);
    }

    [Fact]
    public async Task Tags_of_arguments_with_any_separator_are_raised()
    {
        await WriteAsync("setCountry", ("code", "a,b"), ("note", "50%\n"));

        Assert.Equal(["country:a%2Cb", "note:50%25%0A"], Assert.Single(_cluster.Tags.Raised));
    }

    [Fact]
    public async Task A_tag_or_a_body_that_cannot_be_used_is_refused_before_the_origin_is_asked()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync("setCountry", ("code", "NL"), ("note", new string('x', 300))));
        await Assert.ThrowsAsync<ArgumentException>(
            () => _cluster.Get<IIntegrationWrites>().RunAsync("partner", "addCountry", Args(), new(new byte[ValueCodecs.MaxBytes + 1], Verb: "POST")).AsTask());

        Assert.Empty(_cluster.Writer.Calls);
        Assert.Empty(_cluster.EntryOf(Netherlands).Ends);
    }

    [Fact]
    public async Task A_writer_that_a_newer_configuration_knows_is_asked_for_once_more()
    {
        await WriteAsync("addCountry");
        var partner = _cluster.Catalog.Known["partner"];
        _cluster.Catalog.Known["partner"] = partner with { Methods = [new() { Name = "addCurrency", Region = "shop:1.0:partner:addCurrency", Verbs = "POST" }] };

        Assert.Equal("paid", (await WriteAsync("addCurrency")).Value);
        Assert.Equal(2, _cluster.Catalog.Asked);
    }

    [Fact]
    public async Task What_the_origin_has_invalidates_also_where_the_turn_ends_in_a_fault()
    {
        _cluster.EntryOf(Netherlands).OnEndWrite = static _ => throw new NotSupportedException();

        await Assert.ThrowsAsync<NotSupportedException>(() => WriteAsync("setCountry", ("code", "NL")));

        Assert.Equal(["country:NL"], Assert.Single(_cluster.Tags.Raised));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_origin_was_not_asked_or_refused_invalidates_nothing_where_the_turn_ends_in_a_fault(bool isAsked)
    {
        if (!isAsked)
            _cluster.EntryOf(Netherlands).OnBeginWrite = static _ => throw new NotSupportedException();
        _cluster.EntryOf(Netherlands).OnEndWrite = static _ => throw new NotSupportedException();
        _cluster.Writer.Answer = static _ => new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Refused, Problem = new() { Kind = ProblemKind.OriginRefused } };

        await Assert.ThrowsAsync<NotSupportedException>(() => WriteAsync("setCountry", ("code", "NL")));

        Assert.Equal(isAsked ? 1 : 0, _cluster.Writer.Calls.Count);
        Assert.Empty(_cluster.Tags.Raised);
    }

    [Fact]
    public async Task Who_cannot_invalidate_says_that_the_origin_has_the_write()
    {
        _cluster.Tags.Fault = new TimeoutException();

        var thrown = await Assert.ThrowsAsync<CacheUnavailableException>(() => _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL")))));

        Assert.StartsWith("The origin has the write", thrown.Message, StringComparison.Ordinal);
        Assert.Null(thrown.RetryAfter);
    }

    [Fact]
    public async Task An_answer_that_is_not_kept_leaves_the_entry_without_a_value()
    {
        _cluster.Writer.Answer = _ => new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 204 };

        var written = await WriteAsync("setCountry", ("code", "NL"), ("note", "x"));

        Assert.Equal(new(null, 0, 204, null), written);
        Assert.Equal(OriginWriteEnd.Doubtful, Assert.Single(_cluster.EntryOf(Netherlands).Ends).End);
        Assert.Equal(["country:NL", "note:x"], Assert.Single(_cluster.Tags.Raised));
    }

    [Theory]
    [InlineData(OriginWriteEnd.Refused, 0)]
    [InlineData(OriginWriteEnd.Doubtful, 1)]
    internal async Task A_refusal_changes_nothing_and_what_the_origin_may_have_invalidates(OriginWriteEnd end, int raised)
    {
        _cluster.Writer.Answer = _ => new() { Status = WriterStatus.Ended, End = end, StatusCode = 409, Problem = new() { Kind = ProblemKind.OriginRefused, Detail = "origin-409", StatusCode = 409 } };

        var thrown = await Assert.ThrowsAsync<IntegrationException>(() => WriteAsync("setCountry", ("code", "NL")));

        Assert.Equal((409, "origin-409", end == OriginWriteEnd.Doubtful), (thrown.StatusCode, thrown.Detail, thrown.MayHaveHappened));
        Assert.Equal(end, Assert.Single(_cluster.EntryOf(Netherlands).Ends).End);
        Assert.Equal(raised, _cluster.Tags.Raised.Count);
    }

    [Fact]
    public async Task A_writer_of_no_entry_only_raises_its_tags()
    {
        Assert.Equal("paid", (await WriteAsync("addCountry")).Value);

        Assert.Equal(["countries"], Assert.Single(_cluster.Tags.Raised));
    }

    [Fact]
    public async Task A_call_that_runs_is_asked_for_again_and_begun_once()
    {
        var usual = _cluster.Writer.Answer;
        _cluster.Writer.Answer = call => _cluster.Writer.Calls.Count < 3 ? new() { Status = WriterStatus.Running } : usual(call);

        Assert.Equal("paid", (await _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL"))))).Value);

        Assert.Equal([false, true, true], _cluster.Writer.Calls.Select(call => call.IsRepeated));
        Assert.Single(_cluster.Writer.Calls.Select(call => call.OperationId).Distinct());
    }

    [Fact]
    public async Task Who_cannot_know_whether_it_was_begun_leaves_it_in_doubt()
    {
        _cluster.Writer.Answer = call => call.IsRepeated ? default : throw new TimeoutException();

        var thrown = await Assert.ThrowsAsync<CacheUnavailableException>(() => _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL")))));

        Assert.Null(thrown.RetryAfter);
        Assert.Equal(2, _cluster.Writer.Calls.Count);
        Assert.Equal(OriginWriteEnd.Unknown, Assert.Single(_cluster.EntryOf(Netherlands).Ends).End);
        Assert.Single(_cluster.Tags.Raised);
    }

    [Fact]
    public async Task A_call_that_nobody_answers_may_have_been_made()
    {
        _cluster.Writer.Answer = static _ => throw new TimeoutException();

        await Assert.ThrowsAsync<CacheUnavailableException>(() => _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL")))));

        Assert.Equal(OriginWriteEnd.Unknown, Assert.Single(_cluster.EntryOf(Netherlands).Ends).End);
        Assert.Single(_cluster.Tags.Raised);
    }

    [Fact]
    public async Task A_silo_that_is_not_the_one_to_ask_the_origin_sends_the_call_on_and_leaves_no_doubt()
    {
        var usual = _cluster.Writer.Answer;
        _cluster.Writer.Answer = call => _cluster.Writer.Calls.Count < 3 ? new() { Status = WriterStatus.NotOwner, View = 7 } : usual(call);

        Assert.Equal("paid", (await _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL"))))).Value);

        Assert.Equal([false, false, false], _cluster.Writer.Calls.Select(call => call.IsRepeated));
    }

    [Fact]
    public async Task If_no_silo_is_the_one_to_ask_the_origin_nothing_was_written_and_another_try_is_advised()
    {
        _cluster.Writer.Answer = _ => new() { Status = WriterStatus.NotOwner };

        var thrown = await Assert.ThrowsAsync<CacheUnavailableException>(() => _cluster.DriveAsync(new ValueTask<WriteAnswer<string>>(WriteAsync("setCountry", ("code", "NL")))));

        Assert.NotNull(thrown.RetryAfter);
        Assert.Equal(OriginWriteEnd.Refused, Assert.Single(_cluster.EntryOf(Netherlands).Ends).End);
        Assert.Empty(_cluster.Tags.Raised);
    }

    [Theory]
    [InlineData(OriginWriteEnd.Written)]
    [InlineData(OriginWriteEnd.Doubtful)]
    internal async Task What_the_turn_or_the_silo_that_made_the_call_has_invalidated_is_not_raised_again(OriginWriteEnd end)
    {
        BeginWriteRequest? begun = null;
        _cluster.EntryOf(Netherlands).OnBeginWrite = request => new(FakeEntry.Turn((begun = request).Value));
        _cluster.EntryOf(Netherlands).OnEndWrite = static _ => new(new OriginWriteReply { Status = OriginWriteStatus.Ended, Version = 3, AreTagsRaised = true });
        _cluster.Writer.Answer = call => new()
        {
            Status = WriterStatus.Ended,
            End = end,
            Problem = end == OriginWriteEnd.Written ? null : new() { Kind = ProblemKind.OriginFailed, Detail = "origin-500" },
            AreTagsRaised = call.Turn is null,
        };

        foreach (var method in new[] { "setCountry", "addCountry" })
        {
            var failed = await Record.ExceptionAsync(() => method == "addCountry" ? WriteAsync(method) : WriteAsync(method, ("code", "NL")));
            Assert.Equal(end == OriginWriteEnd.Written, failed is null);
        }

        Assert.Equal(["country:NL"], begun!.Value.Invalidates);
        Assert.Equal(["", "countries"], _cluster.Writer.Calls.Select(call => call.Invalidates.IsDefault ? "" : string.Join(',', call.Invalidates)));
        Assert.Empty(_cluster.Tags.Raised);
    }

    [Fact]
    public async Task The_call_says_in_whose_turn_it_is_made_so_that_it_does_not_leave_after_it()
    {
        await WriteAsync("setCountry", ("code", "NL"));
        await WriteAsync("addCountry");

        var end = Assert.Single(_cluster.EntryOf(Netherlands).Ends);
        Assert.Equal([new(Netherlands.GrainKey, end.Ticket), null], _cluster.Writer.Calls.Select(call => call.Turn));
    }

    [Theory]
    [InlineData("country", "PUT", "method-not-allowed", "GET, HEAD")]
    [InlineData("setCountry", "PATCH", "method-not-allowed", "PUT")]
    [InlineData("setCuntry", "PUT", "unknown-method", null)]
    public async Task A_wrong_call_names_what_there_is_and_asks_nobody(string method, string verb, string detail, string? allow)
    {
        var written = await _cluster.Get<IIntegrationWrites>().RunAsync("partner", method, Args(("code", "NL")), new(null, Verb: verb));

        Assert.Equal((OriginWriteEnd.Refused, ProblemKind.BadCall, detail, allow), (written.Answer.End, written.Answer.Problem!.Kind, written.Answer.Problem.Detail, written.Answer.Problem.Allow));
        Assert.Empty(_cluster.Writer.Calls);
    }

    [Fact]
    public async Task A_writer_is_no_method_to_read_by()
    {
        var reply = await _cluster.Raw.CallAsync("partner", "setCountry", Args(("code", "NL")));

        Assert.Equal(("method-not-allowed", "PUT"), (reply.Problem!.Detail, reply.Problem.Allow));
        Assert.Contains("'country'", reply.Problem.Message, StringComparison.Ordinal);
    }

    private Task<WriteAnswer<string>> WriteAsync(string method, params (string Name, string? Value)[] arguments) =>
        _cluster.Cache.WriteAsync<Country, string>("partner", method, Args(arguments), new("n")).AsTask();

    private static Dictionary<string, string?> Args(params (string Name, string? Value)[] arguments) => arguments.ToDictionary(argument => argument.Name, argument => argument.Value);

    private sealed record Country(string Name);
}
