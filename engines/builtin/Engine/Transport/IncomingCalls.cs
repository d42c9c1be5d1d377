namespace OrleansCache.Engine;

/// <summary>The other side's requests: they run here, may be cancelled, and are answered.</summary>
/// <param name="runtime">Takes them to their targets.</param>
/// <param name="output">Takes the answers.</param>
/// <param name="abort">Ends the connection at once.</param>
internal sealed class IncomingCalls(EngineRuntime runtime, Outbox output, Action<string> abort)
{
    private readonly Dictionary<uint, GrainRequest> _cancelable = [];
    private int _running;

    /// <summary>Requests that are not answered yet.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Those among them that the other side may cancel.</summary>
    public int Cancelable => _cancelable.Count;

    public DeadlineClock Clock => runtime.Clock;

    /// <summary>What stands before the arguments; the other side of <see cref="Receive"/>.</summary>
    public static void WriteHead(MessageWriter writer, GrainRequest request, bool isCancelable)
    {
        writer.VarInt(isCancelable ? 1u : 0u);
        writer.VarInt(request.Target!.Runtime.Clock.Timeout);
        writer.Fixed64(request.Method.Id);
        writer.Text(request.Target.Key);
    }

    public void Receive(ref MessageReader reader, uint call)
    {
        var isCancelable = reader.VarInt() == 1;
        var patience = reader.VarInt();
        var id = reader.Fixed64();
        var key = reader.Text();
        if (InterfaceInfo.FindMethod(id) is not { } method)
        {
            WriteError(call, new OrleansException($"No grain interface here has method {id:x16}: this silo has older code or lacks the project."));
            return;
        }
        var request = method.Make();
        (request.CallId, request.AnswerTo, request.Deadline) = (call, this, Clock.After(patience));
        var running = Interlocked.Increment(ref _running);
        try
        {
            request.ReadArguments(ref reader);
            if (running > runtime.Limits.MaxCallsPerConnection)
                throw new OrleansException($"The connection is overloaded: {running - 1} calls are under way, MaxCallsPerConnection allows no more.");
            if (isCancelable)
            {
                request.Cancellation = new();
                lock (_cancelable)
                    _cancelable[call] = request;
            }
            runtime.Receive(key, request);
        }
        catch (Exception error)
        {
            request.Refuse(error);
        }
    }

    public void Cancel(uint call)
    {
        GrainRequest? request;
        lock (_cancelable)
            _cancelable.TryGetValue(call, out request);
        request?.Callee?.CancelCall(request);
    }

    /// <summary>Answers with the error, or else with the request's result.</summary>
    public void Answer(GrainRequest request, Exception? error)
    {
        Interlocked.Decrement(ref _running);
        if (request.Cancellation is not null)
        {
            lock (_cancelable)
                _cancelable.Remove(request.CallId);
        }
        if (request.Method.OneWay)
            return;
        try
        {
            if (error is null)
                output.Write(FrameKind.Value, request.CallId, request, static (writer, request) => request.WriteResult(writer));
        }
        catch (Exception writing)
        {
            error = writing;
        }
        if (error is not null)
            WriteError(request.CallId, error);
        if (output.Unsent > runtime.Limits.MaxUnsentBytes)
            abort($"it takes its answers too slowly: {output.Unsent} bytes are unsent.");
    }

    private void WriteError(uint call, Exception error) => output.Write(FrameKind.Error, call, error, ExceptionCodec.Write);
}
