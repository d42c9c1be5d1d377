using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

internal sealed class ManualClusterClock(ManualTimeProvider time) : IClusterClock
{
    /// <summary>Microseconds by which certain time is behind.</summary>
    public long Uncertainty { get; set; }
    public long Now => (time.GetUtcNow().UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
    public long Earliest => Now - Uncertainty;

    public async ValueTask PassedAsync(long instant, CancellationToken cancellationToken)
    {
        while (Earliest < instant)
            await Task.Delay(TimeSpan.FromMilliseconds(((instant - Earliest) / 1000) + 1), time, cancellationToken);
    }
}

internal sealed class ManualOwnership : IOwnership
{
    public string Self => "silo-0";
    public long View { get; set; } = 1;
    public long Epoch { get; set; } = 1;
    public bool IsOwner { get; set; } = true;

    /// <summary>The former owner has not let the key go.</summary>
    public bool IsHeldUp { get; set; }
    public bool FenceHolds
    {
        get
        {
            FenceAsked?.Invoke();
            return field;
        }
        set;
    } = true;

    /// <summary>Something happens right when the fence is asked for.</summary>
    public Action? FenceAsked { get; set; }

    /// <summary>Who waits for the fence waits for this.</summary>
    public Task Renewal { get; set; } = Task.CompletedTask;
    public Placement Placement { get; private set; } = Placement.None;

    public event Action? Changed;

    /// <summary>Views begin anew, and this silo goes on.</summary>
    public void Begin()
    {
        View++;
        Placement = Placement.Of(new(View, [], View));
        Changed?.Invoke();
    }

    public bool IsPlacedHere(ulong keyHash) => IsOwner;
    public bool Owns(ulong keyHash) => IsOwner && !IsHeldUp;
    public long EpochOf(ulong keyHash) => Epoch;
    public ValueTask<bool> WaitToOwnAsync(ulong keyHash, TimeSpan limit, CancellationToken cancellationToken) => new(Owns(keyHash));
    public async ValueTask<bool> WaitForFenceAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await Renewal;
        return FenceHolds;
    }

    public void Hint(long view)
    {
    }
}

internal sealed class FakeTagLog : ITagLog
{
    private readonly ConcurrentDictionary<ulong, long> _raises = [];
    public long Head { get; private set; }
    public long Generation { get; set; } = 1;
    public bool IsProven { get; set; } = true;

    /// <summary>Asking the log renews the lease, and brings what others raised.</summary>
    public Action? Asked { get; set; }
    public long LastRaise(ulong tagHash) => _raises.GetValueOrDefault(tagHash);

    public ValueTask<bool> ProveAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Asked?.Invoke();
        return new(IsProven);
    }

    public ValueTask LearnAsync(long born, long generation, CancellationToken cancellationToken)
    {
        if (born > Head || generation != Generation)
            Asked?.Invoke();
        return default;
    }

    public bool IsGood(ReadOnlySpan<ulong> tagHashes, long born, long generation)
    {
        foreach (var tag in tagHashes)
            if (generation != Generation || born > Head || _raises.GetValueOrDefault(tag) > born)
                return false;
        return true;
    }

    public void Raise(string tag) => _raises[TagHash.Of(tag)] = ++Head;

    /// <summary>What a raise waits for.</summary>
    public Func<Task> Raising { get; set; } = static () => Task.CompletedTask;

    public async ValueTask<long> RaiseAsync(ImmutableArray<string> tags, CancellationToken cancellationToken)
    {
        await Raising();
        foreach (var tag in tags)
            Raise(tag);
        return Head;
    }
}

internal sealed class FakePolicies(RegionPolicy policy) : IRegionPolicies, IRateLimits
{
    public RegionPolicy Policy { get; private set; } = policy;
    public int Number { get; private set; } = 1;
    public RateLimitPolicy? Limit { get; set; }
    public RegionPolicy For(string region) => Policy;
    RateLimitPolicy? IRateLimits.For(string limiter) => Limit;
    bool IRateLimits.Knows(string limiter) => limiter == "partner";

    public void Change(RegionPolicy policy)
    {
        Policy = policy;
        Number++;
    }
}

/// <summary>An origin whose calls end when the test says so.</summary>
internal sealed class FakeOrigin : IOriginCaller
{
    public Task<System.Collections.Immutable.ImmutableArray<OriginResult>> CallManyAsync(
        RegionPolicy policy, System.Collections.Immutable.ImmutableArray<BatchItem> items, CallerToken? caller, CancellationToken cancellationToken) => throw new NotSupportedException();

    public List<(OriginCall Call, TaskCompletionSource<OriginResult> End)> Calls { get; } = [];

    public Task<OriginResult> CallAsync(OriginCall call, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<OriginResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Calls)
            Calls.Add((call, end));
        return end.Task;
    }

    public string? DescribeBreaker(string integration) => "closed";

    public int Count
    {
        get
        {
            lock (Calls)
                return Calls.Count;
        }
    }

    public async Task<OriginCall> EndAsync(int call, OriginResult result)
    {
        await Eventually.TrueAsync(() => Count > call);
        Calls[call].End.SetResult(result);
        return Calls[call].Call;
    }

    public Task<OriginCall> GiveAsync(int call, string value, params string[] tags) =>
        EndAsync(call, new OriginResult { Kind = OriginResultKind.Value, Bytes = System.Text.Encoding.UTF8.GetBytes(value), ContentType = "application/json", Tags = [.. tags] });

    public static OriginResult Down => new()
    {
        Problem = new() { Kind = ProblemKind.OriginFailed, Detail = "origin-503", StatusCode = 503, Message = "The origin answered 503." },
    };
}

internal sealed class FakeLimiter : IRateLimiterGrain
{
    public Queue<PermitReply> Replies { get; } = [];
    public List<PermitRequest> Requests { get; } = [];

    /// <summary>What happens at each asking, given how many there were.</summary>
    public Action<int>? Asked { get; set; }

    public ValueTask<PermitReply> AcquireAsync(PermitRequest request, CancellationToken cancellationToken = default)
    {
        Requests.Add(request);
        Asked?.Invoke(Requests.Count);
        return new(Replies.Count > 0 ? Replies.Dequeue() : new() { Status = PermitStatus.Granted });
    }

    public ValueTask<bool> PauseAsync(TimeSpan duration, CancellationToken cancellationToken = default) => new(true);
    public ValueTask<RateLimiterDescription> DescribeAsync(CancellationToken cancellationToken = default) => new(new RateLimiterDescription());
}

/// <summary>Remembers what was asked of it.</summary>
internal sealed class FakeEagerPlan : IEagerPlan
{
    public List<TimeSpan> Planned { get; } = [];

    public void Plan(string integration, string grainKey, TimeSpan dueIn) => Planned.Add(dueIn);
}
