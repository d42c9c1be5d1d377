using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCache.Simulation.Tests;

/// <summary>The limiter's grain on one silo: the product's desk under the silo's clock and right, with the store over the network.</summary>
internal sealed class ModelLimiter(ModelSilo silo, Cluster cluster) : IOwnership, IRateLimits
{
    public static readonly ulong Hash = RoutingHash.Of("limited");
    private static readonly RateLimiterMetrics Metrics = new(new NoMeters());
    private static readonly RateLimitPolicy Policy = new() { Limits = CallWitness.Limits };

    private readonly List<Action> _waiting = [];
    private PermitDesk? _desk;
    private int _breaks;
    private bool _isOpening;
    private bool _isClosing;

    public string Self => silo.Name;

    public long View => silo.State.View.Number;

    public Placement Placement => silo.State.Placement;

    public bool FenceHolds => silo.FenceHolds || !silo.Rules.Fence;

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public bool IsPlacedHere(ulong keyHash) => silo.State.IsPlacedHere(keyHash);

    public bool Owns(ulong keyHash) => silo.State.Owns(keyHash);

    public long EpochOf(ulong keyHash) => silo.Rules.ReopenLimiter ? silo.State.EpochOf(keyHash) : 0;

    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(Owns(keyHash));

    public ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken) => new(FenceHolds);

    public void Hint(long view)
    {
    }

    public RateLimitPolicy? For(string limiter) => Policy;

    public bool Knows(string limiter) => true;

    /// <param name="request">The question.</param>
    /// <param name="then">The answer, none when the grain could not begin; and how often what it goes back to was broken off: see <see cref="CallWitness"/>.</param>
    public void Ask(PermitRequest request, Action<PermitReply?, int> then)
    {
        if (_desk is { } desk && !_isClosing)
        {
            _ = AnswerAsync(desk, request, then);
            if (silo.World.LimiterDice.Chance(0.02))
                Leave();
            return;
        }
        _waiting.Add(() =>
        {
            if (_desk is null)
                then(null, 0);
            else
                Ask(request, then);
        });
        Open();
    }

    private async Task AnswerAsync(PermitDesk desk, PermitRequest request, Action<PermitReply?, int> then)
    {
        var breaks = _breaks;
        var reply = await desk.AcquireAsync(request);
        silo.After(0, () => then(reply, breaks));
    }

    // As RateLimiterGrain does.
    private void Open()
    {
        if (_isOpening || _isClosing)
            return;
        _isOpening = true;
        var state = new Record(silo, cluster.Store);
        var desk = new PermitDesk("limited", state, this, this, silo.Clock, silo.Time, Metrics, NullLogger.Instance, Leave);
        if (desk.IsOurs)
            state.Read(losses => Opened(losses is null ? null : desk, losses ?? 0));
        else
            Opened(desk, 0);
    }

    private void Opened(PermitDesk? desk, int losses)
    {
        desk?.Open();
        silo.World.Tell($"{silo} has a limiter: {(desk is null ? "none" : desk.IsOurs ? desk.Describe().Windows : "not its own")}");
        (_desk, _breaks, _isOpening) = (desk, losses + silo.ClockSteps, false);
        var waiting = _waiting.ToArray();
        _waiting.Clear();
        foreach (var next in waiting)
            next();
    }

    private void Leave()
    {
        if (_isClosing || _desk is not { } desk)
            return;
        _isClosing = true;
        silo.After(100, () => _ = CloseAsync(desk));
    }

    private async Task CloseAsync(PermitDesk desk)
    {
        await desk.CloseAsync(CancellationToken.None);
        (_desk, _isClosing) = (null, false);
        if (_waiting.Count > 0)
            silo.After(0, Open);
    }

    private sealed class Record(ModelSilo silo, ModelStore store) : IPersistentState<LimiterState>
    {
        private long _version;

        public LimiterState State { get; set; } = new();

        public string? Etag => null;

        public bool RecordExists => _version != 0;

        public void Read(Action<int?> then) => silo.Ask(
            () => store.Limiter,
            (found, came) =>
            {
                if (came)
                    (_version, State) = (found.Version, found.State ?? new());
                if (!silo.Rules.CountOpenChunk)
                    State = new() { Windows = State.Windows, WrittenAt = State.WrittenAt, PausedUntil = State.PausedUntil };
                then(came ? found.Losses : null);
            },
            silo.World.LimiterDice);

        public Task ReadStateAsync() => Task.CompletedTask;

        public Task ClearStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync()
        {
            var end = new TaskCompletionSource();
            var (expected, next, state) = (_version, silo.World.LimiterDice.Random.NextInt64(1, long.MaxValue), State);
            silo.Ask(
                () => store.WriteLimiter(expected, next, state),
                (written, came) =>
                {
                    if (!came)
                    {
                        end.SetException(new StoreUnavailableException("No answer.", maybeApplied: true));
                        return;
                    }
                    if (!written)
                    {
                        end.SetException(new InconsistentStateException("Somebody else wrote."));
                        return;
                    }
                    _version = next;
                    end.SetResult();
                },
                silo.World.LimiterDice);
            if (silo.Rules.RecordBeforeGrant)
                return end.Task;
            _version = next;
            return Task.CompletedTask;
        }
    }

    private sealed class NoMeters : IMeterFactory
    {
        private readonly Meter _meter = new("simulated");

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose() => _meter.Dispose();
    }
}
