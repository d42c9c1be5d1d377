using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>Silos that start all at once find a store that is slow.</summary>
public sealed class TagLogWatchTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly SlowStore _store = new();
    private readonly TagLogWatch _watch;

    public TagLogWatchTests() => _watch = new(new(_store, CoarseClock.System, _time), _store, _time, NullLogger<TagLogWatch>.Instance);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _watch.CloseAsync();
        _watch.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_waits_for_a_store_that_answers_late()
    {
        _store.Refusals = 3;

        var opening = _watch.OpenAsync(Cancellation).AsTask();
        await PassUntilAsync(() => opening.IsCompleted);

        await opening;
        Assert.Equal(0, _store.Refusals);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_ends_the_start()
    {
        _store.Refusals = int.MaxValue;

        var began = _time.GetTimestamp();
        var opening = _watch.OpenAsync(Cancellation).AsTask();
        await PassUntilAsync(() => opening.IsCompleted);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => opening);
        Assert.InRange(_time.GetElapsedTime(began), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
    }

    // Each pause is waited for before it is passed.
    private Task PassUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            if (_time.ActiveTimers > 0)
                _time.Advance(TimeSpan.FromMilliseconds(50));
            return condition();
        },
        cancellationToken: Cancellation);

    private sealed class SlowStore : ISharedTagStore
    {
        private readonly MemoryTagStore _inner = new();

        public int Refusals { get; set; }

        public ValueTask<TagChanges> AppendAsync(TagAppend append, CancellationToken cancellationToken) => Refusals > 0 && Refusals-- > 0
            ? throw new StoreUnavailableException("It is slow.", maybeApplied: true)
            : _inner.AppendAsync(append, cancellationToken);

        public ValueTask LeaveAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<IAsyncDisposable> ListenAsync(Action<long, long> hint, CancellationToken cancellationToken) => Refusals > 0 && Refusals-- > 0
            ? throw new StoreUnavailableException("It is slow.", maybeApplied: true)
            : new(new Nothing());
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
