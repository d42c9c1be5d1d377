using Microsoft.Extensions.Hosting;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

public sealed class SiloViewGrainTests
{
    private const int Slice = 2_000;
    private static readonly SiloMember A = new(Guid.NewGuid(), "10.0.0.1:11111", 1, "a");

    private readonly ManualTimeProvider _clock = new();
    private readonly Application _application = new();
    private readonly ViewedOwnership _ownership = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_with_an_older_view_is_told_at_once()
    {
        _ownership.Publish(new(7, [A]));

        var reply = await Grain().ReadAsync(known: 6, heard: 6, Slice);

        Assert.Equal(7, reply.Number);
        Assert.Equal([A], ClusterView.Parse(reply.View)!.Members);
    }

    [Fact]
    public async Task A_caller_with_this_view_waits_for_the_next()
    {
        _ownership.Publish(new(7, [A]));
        var reading = Grain().ReadAsync(known: 7, heard: 7, Slice).AsTask();
        Assert.False(reading.IsCompleted);

        _ownership.Publish(new(8, [A]));

        Assert.Equal(8, (await reading.WaitAsync(TimeSpan.FromSeconds(10), Ct)).Number);
    }

    [Fact]
    public async Task A_caller_waits_for_its_slice_and_hears_that_nothing_is_new()
    {
        _ownership.Publish(new(7, [A]));
        var reading = Grain().ReadAsync(known: 7, heard: 7, Slice).AsTask();
        Assert.Equal(1, _clock.ActiveTimers);

        _clock.Advance(TimeSpan.FromMilliseconds(Slice));

        var reply = await reading.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        Assert.Equal((7, null), (reply.Number, reply.View));
    }

    [Fact]
    public async Task What_a_caller_heard_of_is_passed_on()
    {
        _ownership.Publish(new(7, [A]));

        await Grain().ReadAsync(known: 6, heard: 9, Slice);

        Assert.Equal(9, _ownership.Hinted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silo_that_stops_keeps_nobody_waiting(bool hasViews)
    {
        _ownership.Publish(new(7, [A]));
        var reading = Grain(hasViews).ReadAsync(known: 7, heard: 7, Slice).AsTask();
        Assert.False(reading.IsCompleted);

        _application.StopApplication();

        Assert.Equal(hasViews ? 7 : 0, (await reading.WaitAsync(TimeSpan.FromSeconds(10), Ct)).Number);
        Assert.True(Grain(hasViews).ReadAsync(known: 7, heard: 7, Slice).AsTask().IsCompleted);
    }

    [Fact]
    public async Task Without_views_a_caller_waits_and_learns_that()
    {
        var reading = Grain(hasViews: false).ReadAsync(known: 0, heard: 0, Slice).AsTask();
        Assert.False(reading.IsCompleted);

        _clock.Advance(TimeSpan.FromMilliseconds(Slice));

        Assert.Equal(default, await reading.WaitAsync(TimeSpan.FromSeconds(10), Ct));
    }

    private SiloViewGrain Grain(bool hasViews = true) => new(_clock, _application, hasViews ? new OwnView(_ownership) : null);

    private sealed class ViewedOwnership : IOwnership
    {
        public string Self => "10.0.0.1:11111";

        public long View => Placement.Number;

        public Placement Placement { get; private set; } = Placement.None;

        public bool FenceHolds => true;

        public long Hinted { get; private set; }

        public event Action? Changed;

        public void Publish(ClusterView view)
        {
            Placement = Placement.Of(view);
            Changed?.Invoke();
        }

        public bool IsPlacedHere(ulong keyHash) => true;

        public bool Owns(ulong keyHash) => true;

        public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(true);

        public long EpochOf(ulong keyHash) => 1;

        public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken) => new(true);

        public void Hint(long view) => Hinted = view;
    }

    private sealed class Application : IHostApplicationLifetime
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();
    }
}
