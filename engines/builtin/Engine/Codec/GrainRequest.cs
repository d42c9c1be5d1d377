using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace OrleansCache.Engine;

/// <summary>The result of a method without one.</summary>
[BuiltinOnly]
public readonly record struct Nothing
{
    internal Nothing(ulong _) { }
}

/// <summary>One call: its arguments, and where its result goes. Of the caller and, in the same process, of the receiver too.</summary>
[BuiltinOnly]
public abstract class GrainRequest : Turn
{
    private const int Open = 0, Done = 1;
    private int _state;
    private CancellationTokenRegistration _registration;

    /// <summary>The method called.</summary>
    public abstract GrainMethod Method { get; }

    internal GrainProxy? Target { get; private set; }

    /// <summary>The number of the call on its connection.</summary>
    internal uint CallId { get; set; }

    /// <summary>In the time provider's timestamps; 0 is never.</summary>
    internal long Deadline { get; set; }

    /// <summary>The connection that waits for the answer; null when the caller is in this process.</summary>
    internal Connection? AnswerTo { get; set; }

    /// <summary>The connection that the call went out by, or the grain's own queue: told of a cancellation.</summary>
    internal ICallee? Callee { get; set; }

    internal CancellationToken CallerToken { get; private set; }

    internal CancellationTokenSource? Cancellation { get; set; }

    /// <summary>Neighbours in <see cref="PendingCalls"/>.</summary>
    internal GrainRequest? Previous, Next;

    internal bool IsPending;

    internal bool IsDone => Volatile.Read(ref _state) == Done;

    internal override bool Interleaves => Method.AlwaysInterleave;

    internal override bool IsExpired => (IsDone && !Method.OneWay) || (AnswerTo is { } answer && Deadline != 0 && answer.Now >= Deadline);

    /// <summary>What the grain's method gets for its token.</summary>
    protected CancellationToken Token => Cancellation?.Token ?? CancellationToken.None;

    /// <summary>Writes the arguments as fields.</summary>
    public virtual void WriteArguments(MessageWriter writer) { }

    /// <summary>Reads the arguments.</summary>
    public virtual void ReadArguments(ref MessageReader reader)
    {
        while (reader.NextField(out _, out var wire))
            reader.Skip(wire);
    }

    /// <summary>Replaces each argument by a copy, but for immutable ones.</summary>
    public virtual void CopyArguments() { }

    internal abstract void WriteResult(MessageWriter writer);

    internal abstract void ReadResult(ref MessageReader reader);

    /// <summary>Gives the result that was read to the caller.</summary>
    internal abstract void Publish();

    internal Exception? Error { get; private protected set; }

    /// <summary>Ends the wait of a caller who does not wait.</summary>
    internal abstract void EndOneWay();

    internal abstract void SetContinueInline(bool inline);

    private protected abstract void PublishError(Exception error);

    internal void Start(GrainProxy target, CancellationToken cancellationToken)
    {
        Target = target;
        CallerToken = cancellationToken;
        try
        {
            target.Runtime.Send(target, this);
            if (!IsDone)
                Watch(target.Runtime);
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    /// <summary>One of answer, timeout, cancellation and broken connection ends the call; the first wins.</summary>
    private protected bool TryEnd()
    {
        if (Interlocked.Exchange(ref _state, Done) == Done)
            return false;
        if (IsPending)
            Target!.Runtime.Pending.Remove(this);
        _registration.Unregister();
        return true;
    }

    internal void Fail(Exception error)
    {
        if (TryEnd())
            PublishError(error);
    }

    internal override void Refuse(Exception error)
    {
        if (AnswerTo is { } answer)
        {
            Error = error;
            answer.Answer(this);
        }
        else
        {
            Fail(error);
        }
    }

    /// <summary>Ends the caller's wait and tells the receiver, whose token is then cancelled as a turn.</summary>
    internal void Abandon(Exception error)
    {
        if (!TryEnd())
            return;
        Callee?.CancelCall(this);
        PublishError(error);
    }

    private void Watch(EngineRuntime runtime)
    {
        runtime.Pending.Add(this);
        if (CallerToken.CanBeCanceled)
        {
            _registration = CallerToken.UnsafeRegister(static (state, token) =>
                ((GrainRequest)state!).Abandon(new OperationCanceledException(token)), this);
            if (IsDone)
                _registration.Unregister();
        }
        if (IsDone)
            runtime.Pending.Remove(this);
    }
}

/// <summary>A call with a result.</summary>
[BuiltinOnly]
public abstract class GrainRequest<T> : GrainRequest, IValueTaskSource<T>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<T> _core;
    private T? _result;
    private long _begin;

    internal ValueTask<T> Result => new(this, _core.Version);

    internal ValueTask Completion => new(this, _core.Version);

    /// <summary>Calls the method of a grain.</summary>
    protected abstract ValueTask<T> Invoke(object target);

    /// <summary>A task without a result, as one with.</summary>
    protected static ValueTask<Nothing> Void(ValueTask task)
    {
        return task.IsCompletedSuccessfully ? default : Wait(task);

        static async ValueTask<Nothing> Wait(ValueTask task)
        {
            await task.ConfigureAwait(true);
            return default;
        }
    }

    /// <summary>A task without a result, as one with.</summary>
    protected static ValueTask<Nothing> Void(Task task) => Void(new ValueTask(task));

    internal override void Run(TurnQueue queue)
    {
        ValueTask<T> task;
        _begin = queue.Runtime.Metrics.MeasuresCalls ? queue.Runtime.Time.GetTimestamp() : 0;
        try
        {
            task = Invoke(queue.Instance);
        }
        catch (Exception error)
        {
            End(queue, default!, error);
            return;
        }
        if (task.IsCompletedSuccessfully)
            End(queue, task.Result, null);
        else
            _ = WaitAsync(task, queue);
    }

    private async Task WaitAsync(ValueTask<T> task, TurnQueue queue)
    {
        T result;
        try
        {
            result = await task.ConfigureAwait(true);   // back in the grain's own turns
        }
        catch (Exception error)
        {
            End(queue, default!, error);
            return;
        }
        End(queue, result, null);
    }

    private void End(TurnQueue queue, T result, Exception? error)
    {
        queue.Ended(this);
        if (_begin != 0)
            queue.Runtime.Metrics.Call(queue.Runtime.Time.GetElapsedTime(_begin), error is not null);
        if (queue.Runtime.Chaos is { Drops: true })
            error = new SiloUnavailableException("Chaos: the answer was dropped.");
        if (Method.OneWay)
        {
            if (error is not null)
                queue.Runtime.OneWayFailed(Method, error);
            AnswerTo?.Answer(this);
            return;
        }
        if (AnswerTo is { } answer)
        {
            (_result, Error) = (result, error);
            answer.Answer(this);
            return;
        }
        if (error is null)
        {
            try
            {
                result = queue.Runtime.Chaos is null ? (Method.ImmutableResult ? result : Codecs<T>.Instance.Copy(result)) : Chaos.RoundTrip(result, queue.Runtime);
            }
            catch (Exception copying)
            {
                error = copying;
            }
        }
        if (!TryEnd())
            return;
        if (error is null)
            _core.SetResult(result);
        else
            _core.SetException(error);
    }

    internal override void EndOneWay()
    {
        if (TryEnd())
            _core.SetResult(default!);
    }

    internal override void SetContinueInline(bool inline) => _core.RunContinuationsAsynchronously = !inline;

    private protected override void PublishError(Exception error)
    {
        _core.RunContinuationsAsynchronously = true;        // whoever ended the call has other work
        _core.SetException(error);
    }

    internal override void WriteResult(MessageWriter writer) => Codecs<T>.Instance.Write(writer, 0, _result!);

    internal override void ReadResult(ref MessageReader reader)
    {
        while (reader.NextField(out var id, out var wire))
        {
            if (id == 0)
                _result = Codecs<T>.Instance.Read(ref reader, wire);
            else
                reader.Skip(wire);
        }
    }

    internal override void Publish()
    {
        if (TryEnd())
            _core.SetResult(_result!);
    }

    T IValueTaskSource<T>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
