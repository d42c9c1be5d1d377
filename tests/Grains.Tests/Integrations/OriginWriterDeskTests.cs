using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>Which calls a silo begins for clients, and which it does not.</summary>
public sealed class OriginWriterDeskTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ManualOwnership _ownership = new();
    private readonly FakeOriginWriter _origin = new();
    private readonly OriginWriterDesk _desk;

    public OriginWriterDeskTests() => _desk = new("partner", _origin, _ownership, _time);

    [Fact]
    public async Task A_call_is_begun_once_and_whoever_repeats_it_waits_for_its_answer()
    {
        var call = Call();
        var first = _desk.WriteAsync(call).AsTask();
        var second = _desk.WriteAsync(call with { IsRepeated = true }).AsTask();
        _time.Advance(EntryLimits.Slice);
        Assert.Equal([WriterStatus.Running, WriterStatus.Running], (await Task.WhenAll(first, second)).Select(answer => answer.Status));

        _origin.End.SetResult(FakeOriginWriter.Written);

        Assert.Equal(FakeOriginWriter.Written, await _desk.WriteAsync(call with { IsRepeated = true }));
        Assert.Single(_origin.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_client_asked_about_in_vain_is_not_begun_when_its_first_try_comes_late(bool inTurn)
    {
        var call = Call(inTurn);
        _origin.End.SetResult(FakeOriginWriter.Written);

        Assert.Equal(WriterStatus.Unknown, (await _desk.WriteAsync(call with { IsRepeated = true })).Status);

        _time.Advance(OperationLimits.Repeated);
        await _desk.WriteAsync(Call());
        Assert.Equal(WriterStatus.Unknown, (await _desk.WriteAsync(call)).Status);
        Assert.DoesNotContain(call.OperationId, _origin.Calls.Select(begun => begun.OperationId));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Who_cannot_prove_that_it_is_the_one_to_ask_the_origin_begins_no_call_that_has_a_turn(bool isOwner, bool fenceHolds)
    {
        (_ownership.IsOwner, _ownership.FenceHolds, _ownership.View) = (isOwner, fenceHolds, 7);

        var refused = await _desk.WriteAsync(Call());

        Assert.Equal((WriterStatus.NotOwner, 7), (refused.Status, refused.View));
        Assert.Empty(_origin.Calls);
    }

    [Theory]
    [InlineData("view")]
    [InlineData("key")]
    [InlineData("fence")]
    public async Task What_was_proved_while_it_waited_may_be_gone_when_it_would_begin(string goes)
    {
        var asked = 0;
        _ownership.FenceAsked = () =>
        {
            asked++;
            _ownership.View += goes == "view" ? 1 : 0;
            _ownership.IsOwner = goes != "key";
            _ownership.FenceHolds = goes != "fence" || asked < 2;
        };

        Assert.Equal(WriterStatus.NotOwner, (await _desk.WriteAsync(Call())).Status);
        Assert.Empty(_origin.Calls);
    }

    [Fact]
    public async Task A_proof_that_comes_back_within_the_slice_is_waited_for()
    {
        var renewal = new TaskCompletionSource();
        (_ownership.FenceHolds, _ownership.Renewal) = (false, renewal.Task);
        _origin.End.SetResult(FakeOriginWriter.Written);
        var answer = _desk.WriteAsync(Call()).AsTask();
        Assert.False(answer.IsCompleted);

        _ownership.FenceHolds = true;
        renewal.SetResult();

        Assert.Equal(FakeOriginWriter.Written, await answer);
    }

    [Fact]
    public async Task A_call_that_is_in_nobodys_turn_needs_no_proof()
    {
        _ownership.FenceHolds = false;
        _origin.End.SetResult(FakeOriginWriter.Written);

        Assert.Equal(FakeOriginWriter.Written, await _desk.WriteAsync(Call(inTurn: false)));
    }

    [Fact]
    public async Task Who_repeats_a_call_is_sent_on_by_a_silo_that_has_neither_it_nor_the_integration_and_answered_by_the_one_that_has_it()
    {
        var begun = Call();
        var first = _desk.WriteAsync(begun).AsTask();
        _ownership.IsOwner = false;

        Assert.Equal(WriterStatus.NotOwner, (await _desk.WriteAsync(Call() with { IsRepeated = true })).Status);
        _origin.End.SetResult(FakeOriginWriter.Written);
        Assert.Equal(FakeOriginWriter.Written, await _desk.WriteAsync(begun with { IsRepeated = true }));
        await first;
    }

    private static WriterCall Call(bool inTurn = true) => new() { OperationId = Guid.NewGuid(), Method = "put", Turn = inTurn ? FakeTurn.Ticket : null };

    private sealed class FakeOriginWriter : IOriginWriter
    {
        public static WriterAnswer Written { get; } = new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 204 };

        public List<WriterCall> Calls { get; } = [];

        public TaskCompletionSource<WriterAnswer> End { get; } = new();

        public Task<WriterAnswer> WriteAsync(string integration, WriterCall call)
        {
            Calls.Add(call);
            return End.Task;
        }
    }
}
