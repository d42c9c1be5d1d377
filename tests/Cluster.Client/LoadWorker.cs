using System.Buffers.Text;
using System.Text;

namespace OrleansCache.Cluster;

/// <summary>One call at a time, until told to stop.</summary>
internal sealed class LoadWorker(IRawCache cache, HistoryWriter history, LoadOptions options, KeyChoice choice, TimeProvider clock, int worker)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(20);

    /// <summary>A call ends by its own time limit, with word of why; one that does not is given up after this.</summary>
    private static readonly TimeSpan BeyondTheLimit = TimeSpan.FromMilliseconds(500);
    private readonly Random _random = new(HashCode.Combine(options.Seed, options.Process, worker));
    private readonly Dictionary<int, long> _seen = [];
    private long _values;

    public event Action<Exception>? Unexpected;

    public event Action<CacheUnavailableException>? Unavailable;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var call = Draw();
            var number = history.Call(call);
            var answer = await AskAsync(call);
            history.Return(number, answer);
            if (answer.Ending is Ending.Ok or Ending.Refused && call.Kind != OperationKind.Raise)
                _seen[call.Key] = answer.Version;
            var pause = answer.Ending is Ending.Failed or Ending.Unknown ? AfterFailure : TimeSpan.FromMilliseconds(options.PauseMs);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Operation Draw()
    {
        if (options.Tags > 0 && _random.Next(1_000) < options.Raises)
            return TagRaise.Of(worker, _random.Next(options.Tags), options.Tags, options.Keys);
        var (key, draw) = (choice.Next(_random), _random.Next(100));
        if ((draw -= options.Removals) < 0)
            return new() { Worker = worker, Key = key, Kind = OperationKind.Remove };
        if ((draw -= options.Writes) < 0)
            return new() { Worker = worker, Key = key, Kind = OperationKind.Write, Value = NextValue() };
        if ((draw -= options.Conditional) >= 0)
            return new() { Worker = worker, Key = key, Kind = OperationKind.Read };
        var expected = _seen.GetValueOrDefault(key);
        var guard = expected == 0 ? Guard.IfAbsent : _random.Next(4) == 0 ? Guard.IfPresent : Guard.IfVersion;
        return new() { Worker = worker, Key = key, Kind = OperationKind.Write, Value = NextValue(), Guard = guard, Expected = guard == Guard.IfVersion ? expected : 0 };
    }

    private long NextValue() => ((long)options.Process << 48) | ((long)worker << 36) | ++_values;

    private async ValueTask<Answer> AskAsync(Operation call)
    {
        var isRead = call.Kind == OperationKind.Read;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.DeadlineMs) + BeyondTheLimit, clock);
        try
        {
            var key = CacheKey.Of(options.Region, $"key-{call.Key}");
            return call.Kind switch
            {
                OperationKind.Read => Of(await cache.GetAsync(key, deadline.Token)),
                OperationKind.Remove => Of(await cache.RemoveAsync(key, ct: deadline.Token)),
                OperationKind.Raise => await RaiseAsync(call, deadline.Token),
                _ => Of(await cache.SetAsync(key, new(Encoding.ASCII.GetBytes($"{call.Value}")), OptionsOf(call), Condition(call), deadline.Token)),
            };
        }
        catch (CacheUnavailableException e)
        {
            Unavailable?.Invoke(e);

            // A refusal with the time of the next try says that nothing was changed; without it nobody knows.
            return new(isRead || (e.RetryAfter is not null && call.Kind != OperationKind.Raise) ? Ending.Failed : Ending.Unknown);
        }
        catch (OperationCanceledException)
        {
            return new(isRead ? Ending.Failed : Ending.Unknown);
        }
#pragma warning disable CA1031 // Whatever a call throws is an ending to record.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Unexpected?.Invoke(e);
            return new(isRead ? Ending.Failed : Ending.Unknown);
        }
    }

    private static Answer Of(in ReadReply reply) => reply.Status switch
    {
        ReadStatus.Miss => new(Ending.Ok, View: reply.View),
        _ when reply.Value is { } value => new(Ending.Ok, value.Version, Number(value), View: reply.View),
        _ => new(Ending.Failed),
    };

    private static Answer Of(in WriteReply reply) => reply.Status switch
    {
        WriteStatus.Accepted => new(Ending.Ok, reply.Version, Existed: reply.Existed, View: reply.View),
        WriteStatus.ConditionFailed => new(Ending.Refused, reply.Version, Existed: reply.Existed, View: reply.View),
        _ => new(Ending.Unknown),
    };

    private EntryOptions? OptionsOf(Operation call) => options.Tags == 0 ? null : new() { Tags = [TagRaise.TagOf(call.Key, options.Tags)] };

    private async ValueTask<Answer> RaiseAsync(Operation call, CancellationToken deadline)
    {
        await cache.RemoveByTagAsync([TagRaise.TagOf(call.Key, options.Tags)], deadline);
        return new(Ending.Ok);
    }

    private static long Number(EntryValue value) =>
        Utf8Parser.TryParse(value.Bytes, out long number, out var length) && length == value.Bytes.Length ? number : -1;

    private static WriteCondition Condition(Operation call) => call.Guard switch
    {
        Guard.IfVersion => WriteCondition.IfVersion(call.Expected),
        Guard.IfAbsent => WriteCondition.IfAbsent,
        Guard.IfPresent => WriteCondition.IfPresent,
        _ => default,
    };
}
