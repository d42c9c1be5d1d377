using System.Globalization;

namespace OrleansCache;

/// <summary>
/// Whether any silo can prove its right, or may soon. Where none can, all have lost their store, and nobody will take over from one that
/// refuses. Asked together by all who ask at about the same time. Thread-safe.
/// </summary>
internal sealed class Proofs(IGrainFactory grains, TimeProvider clock)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromMilliseconds(200);

    /// <summary>Who has not answered by then is not known to be without a proof.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    private Asked _last = new(Placement.None, 0);

    public Task<bool> AnyAsync(Placement placement)
    {
        var last = Volatile.Read(ref _last);
        if (last.Placement == placement && (!last.Answer.IsCompleted || clock.GetElapsedTime(last.At) < GoodFor))
            return last.Answer;
        var next = new Asked(placement, clock.GetTimestamp());
        if (Interlocked.CompareExchange(ref _last, next, last) is var other && other != last)
            return other.Answer;
        _ = AskAllAsync(next);
        return next.Answer;
    }

    private async Task AskAllAsync(Asked asked)
    {
        await foreach (var answer in Task.WhenEach(Doors(asked.Placement).Select(door => AskAsync(door.Silo, door.Key)).ToArray()).ConfigureAwait(false))
        {
            if (await answer.ConfigureAwait(false))
                asked.Is(true);
        }
        asked.Is(false);
    }

    private async Task<bool> AskAsync(SiloMember silo, string key)
    {
        try
        {
            var reply = await grains.GetGrain<ISiloProofGrain>(key).AskAsync().AsTask().WaitAsync(Limit, clock).ConfigureAwait(false);
            return reply.MayProve || reply.Silo != silo.Name;
        }
#pragma warning disable CA1031 // Whatever keeps a silo from answering says nothing of its proof.
        catch (Exception)
#pragma warning restore CA1031
        {
            return true;
        }
    }

    // A call names no silo, only a key: each is reached by one that the view gives it.
    private static IEnumerable<(SiloMember Silo, string Key)> Doors(Placement placement)
    {
        var silos = new HashSet<SiloMember>();
        for (var i = 0; silos.Count < placement.Seeds.Length; i++)
        {
            var key = i.ToString(CultureInfo.InvariantCulture);
            if (placement.OwnerOf(RoutingHash.Of(key)) is { } silo && silos.Add(silo))
                yield return (silo, key);
        }
    }

    private sealed class Asked(Placement placement, long at)
    {
        private readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Placement Placement => placement;

        public long At => at;

        public Task<bool> Answer => _answer.Task;

        public void Is(bool anybody) => _answer.TrySetResult(anybody);
    }
}
