using OrleansCache.TestSupport;
using static OrleansCache.Tests.EntryHarness;

namespace OrleansCache.Tests;

/// <summary>Random interleavings of loads, writes, removals, tags, store failures and crashes, judged by what was acknowledged.</summary>
public sealed class EntryModelTests
{
    private const int Steps = 120;

    public static TheoryData<int, Durability, Coherence> Runs()
    {
        var data = new TheoryData<int, Durability, Coherence>();
        for (var seed = 0; seed < 60; seed++)
        {
            data.Add(seed, Durability.Through, Coherence.Strict);
            data.Add(seed, Durability.Behind, Coherence.Eventual);
            data.Add(seed, Durability.None, Coherence.None);
        }

        return data;
    }

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Runs))]
    public async Task No_read_is_older_than_an_acknowledged_change_and_versions_only_grow(int seed, Durability durability, Coherence coherence)
    {
        var run = new Run(seed, new() { Region = "plain", Coherence = coherence, Durability = durability, Integration = "partner", FreshFor = TimeSpan.FromSeconds(5), StaleFor = TimeSpan.FromHours(1), Strategy = (Strategy)(seed % 2) });
        for (var step = 0; step < Steps; step++)
            await run.StepAsync();
        await run.EndAsync();
    }

    /// <summary>Every value is the number of the step that made it, so that of two values the newer is known.</summary>
    private sealed class Run(int seed, RegionPolicy policy)
    {
        private readonly Random _random = new(seed);
        private readonly EntryHarness _entry = new(policy);
        private readonly List<(Task<WriteReply> Reply, long Value)> _writes = [];
        private readonly List<(int Call, long Began)> _loads = [];
        private readonly Dictionary<long, string> _versions = [];
        private int _step;
        private bool _held;

        private readonly HashSet<long> _loaded = [];

        /// <summary>No load that began before this may be read any more.</summary>
        private long _floor;

        /// <summary>No lower version may be read any more; of writes that ran at once the order is the owner's to choose.</summary>
        private long _highest;

        public async Task StepAsync()
        {
            _step++;
            _entry.Time.Advance(TimeSpan.FromMicroseconds(_random.Next(1, 400_000)));
            switch (_random.Next(12))
            {
                case 0 or 1:
                    _writes.Add((_entry.Put($"{_step}", _random.Next(2) == 0 ? new() { Tags = ["t"] } : null), _step));
                    break;
                case 2:
                    _writes.Add((_entry.Remove(), -_step));
                    break;
                case 3 or 4:
                    var origin = _entry.Origin.Count;
                    _ = _entry.Call();
                    await YieldAsync();
                    if (_entry.Origin.Count > origin)
                    {
                        _loads.Add((origin, _step));
                        _loaded.Add(_step);
                    }

                    break;
                case 5 or 6 when _loads.Count > 0:
                    var (call, began) = _loads[_random.Next(_loads.Count)];
                    _loads.RemoveAll(l => l.Call == call);
                    await _entry.Origin.GiveAsync(call, $"{began}", _random.Next(2) == 0 ? ["t"] : []);
                    break;
                case 7:
                    _entry.Tags.Raise("t");
                    break;
                case 8 when !_held && policy.Durability != Durability.None:
                    _held = true;
                    _entry.Store.Hold();
                    break;
                case 9:
                    (_entry.Store.IsDown, _entry.Store.LosesReplies) = (_random.Next(4) == 0, _random.Next(4) == 0);
                    break;
                case 10 when _random.Next(3) == 0:
                    await YieldAsync();
                    await SettleAsync();
                    _writes.Clear();
                    _entry.Crash();
                    break;
                default:
                    Release();
                    break;
            }

            await YieldAsync();
            await SettleAsync();
            if (_random.Next(2) == 0)
                await CheckAsync();
        }

        public async Task EndAsync()
        {
            Release();
            (_entry.Store.IsDown, _entry.Store.LosesReplies) = (false, false);
            await Eventually.TrueAsync(async () =>
            {
                _entry.Time.Advance(TimeSpan.FromSeconds(1));
                await YieldAsync();
                return _writes.TrueForAll(w => w.Reply.IsCompleted);
            });
            await SettleAsync();
            await CheckAsync();
            _entry.Crash();
            await CheckAsync();
        }

        private void Release()
        {
            if (_held)
                _entry.Store.Open();
            _held = false;
        }

        /// <summary>Takes note of what was acknowledged.</summary>
        private async Task SettleAsync()
        {
            foreach (var (reply, value) in _writes.Where(w => w.Reply.IsCompletedSuccessfully).ToArray())
            {
                _writes.Remove((reply, value));
                var answer = await reply;
                if (answer.Status != WriteStatus.Accepted)
                    continue;
                (_floor, _highest) = (Math.Max(_floor, Math.Abs(value)), Math.Max(_highest, answer.Version));
                if (value > 0)
                    Note(answer.Version, $"{value}");
            }
        }

        private async Task CheckAsync()
        {
            var reading = _entry.Get();
            await YieldAsync();
            if (!reading.IsCompleted || (await reading).Value is not { } value)
                return;
            var began = long.Parse(Text(value)!, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(began >= _floor || !_loaded.Contains(began), $"step {_step}: read a load of {began}, though a change of {_floor} was acknowledged");
            Assert.True(value.Tags.IsEmpty || _entry.Tags.IsGood([TagHash.Of("t")], value.Born, _entry.Tags.Generation), $"step {_step}: read what a raised tag hit");
            Note(value.Version, Text(value)!);
            Assert.True(value.Version >= _highest, $"step {_step}: version {value.Version} was read after {_highest} was read or acknowledged");
            _highest = value.Version;
        }

        private void Note(long version, string value)
        {
            Assert.True(version > 0);
            if (!_versions.TryAdd(version, value))
                Assert.Equal(_versions[version], value);
        }

        /// <summary>Lets everything that can run, run.</summary>
        private async Task YieldAsync()
        {
            for (var i = 0; i < 3; i++)
            {
                await _entry.Turn(async _ =>
                {
                    await Task.Yield();
                    return 0;
                });
            }
        }
    }
}
