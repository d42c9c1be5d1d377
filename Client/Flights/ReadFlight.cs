using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace OrleansCache;

/// <summary>What a reply is to the caller who asked; a shared one is other callers' too.</summary>
internal delegate TResult Answering<TResult>(object state, in ReadReply reply, CacheKey key, long started, bool isShared);

/// <summary>
/// A read that loads nothing: the grain call, its place in the table and its first caller's wait are this one object, awaited through a
/// <see cref="ValueTask{TResult}"/>. Pooled: it goes back when its caller takes the answer, unless others joined it or its caller gave up.
/// </summary>
[SuppressMessage("Reliability", "CA2012", Justification = "Holds the call's awaiter as an async method does: asked for its result once, when it has it.")]
[SuppressMessage("Usage", "VSTHRD002", Justification = "Asks for the result of a call that has ended.")]
internal sealed class ReadFlight<TResult> : Flight<Nothing>, IValueTaskSource<TResult>
{
    private static readonly ObjectPool<ReadFlight<TResult>> Pool = new DefaultObjectPool<ReadFlight<TResult>>(new DefaultPooledObjectPolicy<ReadFlight<TResult>>(), 1024);
    private readonly Action _answered;
    private OwnerCalls _calls = null!;
    private FlightTable _flights = null!;
    private Answering<TResult> _answering = null!;
    private object _state = null!;
    private CacheKey _key;
    private long _started;
    private long _asked;
    private ConfiguredValueTaskAwaitable<ReadReply>.ConfiguredValueTaskAwaiter _call;
    private ReadReply _reply;
    private ManualResetValueTaskSourceCore<Nothing> _core;
    private CancellationTokenRegistration _cancellation;
    private int _ended;

    public ReadFlight()
        : base(FlightKind.Read) => _answered = Answered;

    public static ReadFlight<TResult> Of(CacheKey key, object state, Answering<TResult> answering, long started)
    {
        var flight = Pool.Get();
        (flight._key, flight._state, flight._answering, flight._started) = (key, state, answering, started);
        return flight;
    }

    /// <summary>Asks the owner. For who has put it into the table.</summary>
    public ValueTask<TResult> Start(OwnerCalls calls, FlightTable flights, CancellationToken ct)
    {
        (_calls, _flights) = (calls, flights);
        try
        {
            _call = calls.Entry(_key.GrainKey).ReadAsync(Reader.Request).ConfigureAwait(false).GetAwaiter();
        }
        catch (Exception e)
        {
            _call = ValueTask.FromException<ReadReply>(e).ConfigureAwait(false).GetAwaiter();
        }

        var isAnswered = _call.IsCompleted;
        _asked = isAnswered ? 0 : calls.Now;
        if (isAnswered)
            Answered();
        if (_ended == 0)
            _cancellation = ct.UnsafeRegister(static (flight, token) => ((ReadFlight<TResult>)flight!).GiveUp(token), this);
        var result = new ValueTask<TResult>(this, _core.Version);
        if (!isAnswered)
            _call.UnsafeOnCompleted(_answered);
        return result;
    }

    /// <summary>For a flight that never began: another of its key was in the table.</summary>
    public void Drop() => Pool.Return(this);

    TResult IValueTaskSource<TResult>.GetResult(short token)
    {
        _cancellation.Dispose();
        _core.GetResult(token);
        var isShared = HasJoiners;
        var result = _answering(_state, _reply, _key, _started, isShared);
        if (isShared)
            return result;
        _core.Reset();
        _reply = default;
        _ended = 0;
        Pool.Return(this);
        return result;
    }

    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<TResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Answered()
    {
        try
        {
            _reply = _call.GetResult();
            _call = default;
            if (OwnerCalls.IsFinal(_reply) && !OwnerCalls.IsAway(_reply))
            {
                _calls.Heard(_reply.View);
                Land();
            }
            else
                _ = GoOnAsync(new(_reply, null, AskedAt));
        }
        catch (Exception e) when (OwnerCalls.IsTransient(e))
        {
            _ = GoOnAsync(new(default, e, AskedAt));
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    // An answer that was there at once took no time.
    private long AskedAt => _asked != 0 ? _asked : _calls.Now;

    private async Task GoOnAsync(FirstTry tried)
    {
        try
        {
            var answer = await _calls.ReadAsync(_key, Reader.Request, new() { Flight = this }, tried).ConfigureAwait(false);
            _reply = answer.Reply;
            Land(answer.GaveUp);
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    private void Land(bool gaveUp = false)
    {
        _flights.Remove(this);
        if (HasJoiners)
            Land(gaveUp ? Landing<Nothing>.Nowhere : Landing<Nothing>.ForFirst(_reply, default));        // what is there is told at once: all others came later
        if (TryEnd())
            _core.SetResult(default);
    }

    private void Break(Exception e)
    {
        _flights.Remove(this);
        Fail(e);
        if (TryEnd())
            _core.SetException(e);
    }

    private void GiveUp(CancellationToken token)
    {
        if (!TryEnd())
            return;
        Leave();
        _core.RunContinuationsAsynchronously = true;        // whoever cancels has other work
        _core.SetException(new OperationCanceledException(token));
    }

    private bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;
}
