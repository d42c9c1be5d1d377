using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

/// <summary>Loads this silo's eager keys when they are due, and finds them again after a start or a move by the rosters.</summary>
internal sealed class EagerRefresher(
    IGrainFactory grains, IOwnership ownership, LiveConfiguration configuration, TimeProvider time, ILogger<EagerRefresher> logger) : BackgroundService, IEagerPlan
{
    /// <summary>Loads of one integration at once.</summary>
    private const int MostAtOnce = 64;

    /// <summary>What comes together is written together.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Lazy<EagerLine>> _lines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Integration, string Key), bool> _unwritten = [];      // false: it leaves the roster
    private readonly CancellationTokenSource _stopping = new();
    private readonly NextChange _news = new();
    private int _settingsRead = -1;
    private long _viewRead = -1;

    public void Plan(string integration, string grainKey, TimeSpan dueIn) => LineOf(integration).Plan(grainKey, dueIn);

    public override void Dispose()
    {
        ownership.Changed -= _news.Happened;
        configuration.Changed -= _news.Happened;
        base.Dispose();       // cancels what is disposed next
        _stopping.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stops = stoppingToken.UnsafeRegister(static stopping => ((CancellationTokenSource)stopping!).Cancel(), _stopping);
        ownership.Changed += _news.Happened;
        configuration.Changed += _news.Happened;
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, Pause.Ticks << Math.Min(failures, 10)));
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var news = _news.Task;
            try
            {
                await ReadRostersAsync(stoppingToken).ConfigureAwait(false);
                await WriteRostersAsync(stoppingToken).ConfigureAwait(false);
                failures = 0;
                await news.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning disable CA1031 // Whatever stands in the way now, it is tried again.
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                if (failures++ == 0)
                    logger.RosterAway(e);
            }
        }
    }

    /// <summary>After a start, and whenever keys may have come to this silo.</summary>
    private async Task ReadRostersAsync(CancellationToken cancellationToken)
    {
        var (settings, view) = (configuration.Current, ownership.View);
        if (settings.Number == _settingsRead && view == _viewRead)
            return;
        foreach (var integration in settings.Regions.Values.Where(static policy => policy.Strategy == Strategy.Eager).Select(static policy => policy.Integration!).Distinct())
        {
            var line = LineOf(integration);
            for (var part = 0; part < Rosters.Parts; part++)
                foreach (var key in await grains.GetGrain<IRosterGrain>(Rosters.Of(integration, part)).ListAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false))
                    if (ownership.IsPlacedHere(RoutingHash.Of(key)))
                        line.Plan(key, TimeSpan.Zero, isListed: true);

            // Who kept a part of the roster may have died before it was told of these.
            if (_viewRead >= 0)
                foreach (var key in line.Keys())
                    _unwritten.TryAdd((integration, key), true);
        }

        (_settingsRead, _viewRead) = (settings.Number, view);
    }

    private async Task WriteRostersAsync(CancellationToken cancellationToken)
    {
        foreach (var part in _unwritten.ToArray().GroupBy(static change => Rosters.Of(change.Key.Integration, Rosters.PartOf(change.Key.Key))))
        {
            await grains.GetGrain<IRosterGrain>(part.Key).ChangeAsync(
                [.. part.Where(static change => change.Value).Select(static change => change.Key.Key)],
                [.. part.Where(static change => !change.Value).Select(static change => change.Key.Key)]).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var change in part)
                _unwritten.TryRemove(change);
        }
    }

    private EagerLine LineOf(string integration) =>
        (_lines.GetValueOrDefault(integration) ?? _lines.GetOrAdd(integration, new Lazy<EagerLine>(() => Begin(integration)))).Value;

    private EagerLine Begin(string integration)
    {
        var line = new EagerLine(() => RoomOf(integration), GiveTurnAsync, (key, isEager) => List(integration, key, isEager), time);
        _ = line.RunAsync(_stopping.Token);
        return line;
    }

    private void List(string integration, string key, bool isEager)
    {
        _unwritten[(integration, key)] = isEager;
        _news.Happened();
    }

    /// <summary>So many that a load's permit comes while it is still waited for: else the limiter would choose among them, and not their age.</summary>
    private int RoomOf(string integration) => configuration.For(integration) is { } limit
        ? (int)Math.Clamp(limit.Limits.Rate * limit.MaxWait.TotalSeconds / 2, 1, MostAtOnce)
        : MostAtOnce;

    private async Task<EagerReply> GiveTurnAsync(string key)
    {
        if (!ownership.IsPlacedHere(RoutingHash.Of(key)))
            return default;
        try
        {
            return await grains.GetGrain<IEntryGrain>(key).RefreshEagerlyAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The engine may refuse for many reasons, and the key has another turn.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.TurnFailed(e, RoutingHash.Of(key));
            return new() { Status = EagerStatus.Due, DueMilliseconds = (long)EntryLimits.EagerPause.TotalMilliseconds };
        }
    }
}
