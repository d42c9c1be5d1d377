namespace OrleansCache.Engine;

/// <summary>The calls of this process that wait for an answer. All have one timeout, so each list is in order of deadlines.</summary>
internal sealed class PendingCalls : IDisposable
{
    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, 8).Select(_ => new Stripe())];
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly long _ticks;
    private readonly ITimer _timer;

    public PendingCalls(TimeProvider time, TimeSpan timeout)
    {
        (_time, _timeout, _ticks) = (time, timeout, (long)(timeout.TotalSeconds * time.TimestampFrequency));
        var period = TimeSpan.FromMilliseconds(Math.Clamp(timeout.TotalMilliseconds / 20, 10, 250));
        _timer = time.CreateTimer(static calls => ((PendingCalls)calls!).Sweep(), this, period, period);
    }

    public void Add(GrainRequest call)
    {
        var stripe = Of(call);
        var deadline = _time.GetTimestamp() + _ticks;
        lock (stripe)
        {
            (call.Deadline, call.IsPending) = (deadline, true);
            call.Previous = stripe.Last;
            if (stripe.Last is null)
                stripe.First = call;
            else
                stripe.Last.Next = call;
            stripe.Last = call;
        }
    }

    public void Remove(GrainRequest call)
    {
        var stripe = Of(call);
        lock (stripe)
        {
            if (!call.IsPending)
                return;
            call.IsPending = false;
            if (call.Previous is null)
                stripe.First = call.Next;
            else
                call.Previous.Next = call.Next;
            if (call.Next is null)
                stripe.Last = call.Previous;
            else
                call.Next.Previous = call.Previous;
            call.Previous = call.Next = null;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        var now = _time.GetTimestamp();
        foreach (var stripe in _stripes)
        {
            while (true)
            {
                GrainRequest? call;
                lock (stripe)
                    call = stripe.First is { } first && first.Deadline <= now ? first : null;
                if (call is null)
                    break;
                call.Abandon(new TimeoutException($"No answer to {call.Method} came within {_timeout}."));
                Remove(call);
            }
        }
    }

    private Stripe Of(GrainRequest call) => _stripes[System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(call) & 7];

    private sealed class Stripe
    {
        public GrainRequest? First, Last;
    }
}
