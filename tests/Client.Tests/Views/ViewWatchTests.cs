using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using OrleansCache.TestSupport;

namespace OrleansCache.Views;

public sealed class ViewWatchTests : IAsyncDisposable
{
    private static readonly SiloMember A = new(Guid.NewGuid(), "10.0.0.1:11111", 1, "a");

    private readonly ManualTimeProvider _clock = new();
    private readonly LearnedView _view = new();
    private readonly FakeViews _silo = new();
    private readonly ViewWatch _watch;

    private readonly ConcurrentQueue<string> _doors = new();

    public ViewWatchTests() => _watch = new(GrainsByKey.Of<IGrainFactory>((_, key) => Door(key)), _view, Options.Create(new OrleansCacheClientOptions()), _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
    }

    [Fact]
    public async Task Each_view_is_learned_as_soon_as_a_silo_tells_it()
    {
        await _watch.StartAsync(Ct);
        (await AskedAsync(0)).Answer(new(7, [A]));
        await Eventually.TrueAsync(() => _view.Number == 7, cancellationToken: Ct);

        (await AskedAsync(1)).Answer(new(8, [A]));

        await Eventually.TrueAsync(() => _view.Number == 8 && _view.IsInTouch, cancellationToken: Ct);
        Assert.Equal([(0, 0, 1000), (7, 7, 1000)], _silo.Asked.Take(2).Select(static q => (q.Known, q.Heard, q.Wait)));
    }

    [Fact]
    public async Task A_newer_view_that_is_heard_of_is_asked_for_at_once_whatever_the_last_question_waits_for()
    {
        await _watch.StartAsync(Ct);
        await AskedAsync(0);

        _view.Hint(9);

        var again = await AskedAsync(1);
        Assert.Equal((0, 9), (again.Known, again.Heard));
        again.Answer(new(9, [A]));
        await Eventually.TrueAsync(() => _view.Number == 9, cancellationToken: Ct);
    }

    [Fact]
    public async Task A_view_that_was_heard_of_is_asked_of_another_silo_soon()
    {
        await _watch.StartAsync(Ct);
        await AskedAsync(0);
        _view.Hint(9);
        await AskedAsync(1);
        var began = _clock.GetTimestamp();

        await Eventually.TrueAsync(() => Driven(TimeSpan.FromMilliseconds(50), () => _silo.Asked.Count > 2), cancellationToken: Ct);

        Assert.InRange(_clock.GetElapsedTime(began), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(1_000));
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_is_given_up_after_its_slice()
    {
        await _watch.StartAsync(Ct);
        await AskedAsync(0);

        await Eventually.TrueAsync(() => Driven(TimeSpan.FromMilliseconds(500), () => _silo.Asked.Count > 1), cancellationToken: Ct);

        Assert.False(_view.IsInTouch);
    }

    [Fact]
    public async Task A_silo_that_cannot_be_reached_is_not_asked_in_a_tight_loop()
    {
        _silo.Fault = new SiloUnavailableException("away");
        await _watch.StartAsync(Ct);
        await Eventually.TrueAsync(() => _clock.ActiveTimers > 0, cancellationToken: Ct);

        Assert.Single(_silo.Asked);
        Assert.False(_view.IsInTouch);
        await Eventually.TrueAsync(() => Driven(TimeSpan.FromMilliseconds(50), () => _silo.Asked.Count > 2), cancellationToken: Ct);
    }

    [Fact]
    public async Task A_silo_without_views_ends_what_was_known()
    {
        _view.Learn(new(7, [A]));
        await _watch.StartAsync(Ct);

        (await AskedAsync(0)).Reply.SetResult(default);

        await Eventually.TrueAsync(() => _view.Number == 0, cancellationToken: Ct);
    }

    [Fact]
    public async Task One_silo_after_the_other_is_asked_where_a_key_is_bound_to_one()
    {
        await _watch.StartAsync(Ct);
        for (var asked = 0; asked < 20; asked++)
            (await AskedAsync(asked)).Answer(new(asked + 1, [A]));

        Assert.InRange(_doors.Distinct().Count(), 4, 8);
        Assert.All(_doors.Zip(_doors.Skip(1)), static pair => Assert.NotEqual(pair.First, pair.Second));
    }

    private FakeViews Door(string key)
    {
        _doors.Enqueue(key);
        return _silo;
    }

    private bool Driven(TimeSpan step, Func<bool> isDone)
    {
        _clock.Advance(step);
        return isDone();
    }

    private async Task<Question> AskedAsync(int index)
    {
        await Eventually.TrueAsync(() => _silo.Asked.Count > index, cancellationToken: Ct);
        return _silo.Asked.ElementAt(index);
    }

    private sealed record Question(long Known, long Heard, int Wait)
    {
        public TaskCompletionSource<ViewReply> Reply { get; } = new();

        public void Answer(ClusterView view) => Reply.SetResult(new() { Number = view.Number, View = view.ToJson() });
    }

    private sealed class FakeViews : ISiloViewGrain
    {
        public ConcurrentQueue<Question> Asked { get; } = new();

        public Exception? Fault { get; set; }

        public ValueTask<ViewReply> ReadAsync(long known, long heard, int waitMilliseconds)
        {
            var question = new Question(known, heard, waitMilliseconds);
            Asked.Enqueue(question);
            return Fault is { } fault ? ValueTask.FromException<ViewReply>(fault) : new(question.Reply.Task);
        }
    }
}
