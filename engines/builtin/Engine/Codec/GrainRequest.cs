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
    private bool _isDone;
    private CancellationTokenRegistration _registration;

    /// <summary>The method called.</summary>
    public abstract GrainMethod Method { get; }

    internal GrainProxy? Target { get; private set; }

    internal CancellationToken CallerToken { get; private set; }

    /// <summary>Told of a cancellation: the connection that the call went out by, or the grain's own queue.</summary>
    internal ICallee? Callee { get; set; }

    /// <summary>Where the caller waits; null when it does not.</summary>
    internal PendingCalls? Pending { get; set; }

    /// <summary>The number of the call among those.</summary>
    internal uint CallId { get; set; }

    /// <summary>In timestamps of the <see cref="DeadlineClock"/>; 0 when there is none yet.</summary>
    internal long Deadline { get; set; }

    /// <summary>Where the request came from; null when the caller is in this process.</summary>
    internal IncomingCalls? AnswerTo { get; set; }

    /// <summary>Cancels what the grain's method gets for its token.</summary>
    internal CancellationTokenSource? Cancellation { get; set; }

    internal bool IsDone => Volatile.Read(ref _isDone);

    internal override bool Interleaves => Method.AlwaysInterleave;

    internal override bool IsExpired => AnswerTo is { } answer ? answer.Clock.Now >= Deadline : IsDone && !Method.OneWay;

    /// <summary>What the grain's method gets for its token.</summary>
    protected CancellationToken Token => Cancellation?.Token ?? CancellationToken.None;

    /// <summary>Writes the arguments as fields.</summary>
    public virtual void WriteArguments(MessageWriter writer) { }

    /// <summary>Reads the arguments.</summary>
    public virtual void ReadArguments(ref MessageReader reader) { }

    /// <summary>Replaces the arguments by what would come out at the other end of a connection.</summary>
    internal void CopyArguments(EngineRuntime runtime)
    {
        var writer = MessageWriter.Scratch;
        WriteArguments(writer);
        var reader = new MessageReader(writer.Written.Span, runtime);
        ReadArguments(ref reader);
    }

    internal abstract void WriteResult(MessageWriter writer);

    /// <summary>Reads the result, or the error; <see cref="Publish"/> gives it to the caller.</summary>
    internal abstract void ReadAnswer(ref MessageReader reader, bool isError);

    /// <summary>Gives what was read to the caller.</summary>
    internal abstract void Publish(bool inline);

    private protected abstract void SetOutcome(Exception? error, bool inline);

    internal void Start(GrainProxy target, CancellationToken cancellationToken)
    {
        (Target, CallerToken) = (target, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
        {
            Fail(new TaskCanceledException(null, null, cancellationToken));
            return;
        }
        try
        {
            target.Runtime.Send(target, this);
            if (Method.OneWay)
                End(error: null, inline: false);
            else if (!IsDone)
                Watch(target.Runtime);
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    /// <summary>Ends the caller's wait, unless another outcome has.</summary>
    private protected void End(Exception? error, bool inline, bool isAnswer = true)
    {
        if (Interlocked.Exchange(ref _isDone, true))
            return;
        Unwatch();
        if (!isAnswer)
            Callee?.CancelCall(this);
        SetOutcome(error, inline);
    }

    /// <summary>Ends the caller's wait without an answer, and tells the receiver, whose token is then cancelled as a turn.</summary>
    internal void Fail(Exception error) => End(error, inline: false, isAnswer: false);

    internal override void Refuse(Exception error) => Finish(error);

    /// <summary>Hands the outcome to the connection that the request came by, or to the caller in this process.</summary>
    private protected void Finish(Exception? error)
    {
        if (AnswerTo is { } answer)
            answer.Answer(this, error);
        else
            End(error, inline: false);
    }

    private void Watch(EngineRuntime runtime)
    {
        if (Deadline == 0)
            runtime.LocalCalls.Add(this);       // no connection watches over it
        if (CallerToken.CanBeCanceled)
            _registration = CallerToken.UnsafeRegister(static (call, token) => ((GrainRequest)call!).Fail(new OperationCanceledException(token)), this);
        if (IsDone)
            Unwatch();
    }

    private void Unwatch()
    {
        Pending?.Remove(this);
        _registration.Unregister();
    }
}

/// <summary>A call with a result.</summary>
[BuiltinOnly]
public abstract class GrainRequest<T> : GrainRequest, IValueTaskSource<T>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<Nothing> _core;
    private T? _result;
    private Exception? _error;

    internal ValueTask<T> Result => new(this, _core.Version);

    internal ValueTask Completion => new(this, _core.Version);

    /// <summary>Calls the method of a grain.</summary>
    protected abstract ValueTask<T> Invoke(object target);

    /// <summary>A task without a result, as one with.</summary>
    protected static async ValueTask<Nothing> Void(ValueTask task)
    {
        await task.ConfigureAwait(true);
        return default;
    }

    /// <summary>A task without a result, as one with.</summary>
    protected static ValueTask<Nothing> Void(Task task) => Void(new ValueTask(task));

    internal override void Run(TurnQueue queue) => _ = RunAsync(queue);

    private async Task RunAsync(TurnQueue queue)
    {
        var runtime = queue.Runtime;
        var begin = runtime.Metrics.MeasuresCalls ? runtime.Time.GetTimestamp() : 0;
        Exception? error = null;
        try
        {
            _result = await Invoke(queue.Instance).ConfigureAwait(true);        // back in the grain's own turns
            if (AnswerTo is null && (runtime.Chaos is not null || !Method.ImmutableResult))
                _result = Codecs<T>.Copy(_result, runtime);     // the caller's shares nothing with the grain's
        }
        catch (Exception failure)
        {
            error = failure;
        }
        queue.Ended(this);
        if (begin != 0)
            runtime.Metrics.Call(runtime.Time.GetElapsedTime(begin), error is not null);
        if (runtime.Chaos is { Drops: true })
            error = new SiloUnavailableException("Chaos: the answer was dropped.");
        if (Method.OneWay && error is not null)
            runtime.OneWayFailed(Method, error);
        Finish(error);
    }

    internal override void WriteResult(MessageWriter writer) => Codecs<T>.Instance.Write(writer, 0, _result!);

    internal override void ReadAnswer(ref MessageReader reader, bool isError)
    {
        try
        {
            if (isError)
                _error = ExceptionCodec.Read(ref reader);
            else if (reader.NextField(out _, out var wire))
                _result = Codecs<T>.Instance.Read(ref reader, wire);
        }
        catch (Exception error)
        {
            _error = error;
        }
    }

    internal override void Publish(bool inline) => End(_error, inline);

    private protected override void SetOutcome(Exception? error, bool inline)
    {
        _core.RunContinuationsAsynchronously = !inline;
        if (error is null)
            _core.SetResult(default);
        else
            _core.SetException(error);
    }

    T IValueTaskSource<T>.GetResult(short token)
    {
        _core.GetResult(token);
        return _result!;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
