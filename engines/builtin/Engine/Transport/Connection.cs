using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace OrleansCache.Engine;

/// <summary>Frames over one connection, both ways: a length of four bytes, a kind, a call's number, and fields.
/// Writes made while a batch of frames is parsed leave in one flush.</summary>
internal sealed class Connection(EngineRuntime runtime, ConnectionContext context, IDuplexPipe pipe, Handshake peer) : ICallee, IAsyncDisposable
{
    private enum Kind : byte { Request = 1, Value = 2, Error = 3, Cancel = 4 }

    private const int CorkedLimit = 32 * 1024;
    private const int Busy = 4;
    private const byte Cancelable = 1;
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, GrainRequest> _calls = [];        // sent, not answered
    private readonly Dictionary<uint, GrainRequest> _incoming = [];     // received, not answered, and may be cancelled
    private readonly TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AnswerBatch? _answers;      // of the batch of frames that is parsed
    private MessageWriter _out = new();
    private MessageWriter _spare = new();
    private int _running;
    private uint _lastCall;
    private int _loop;      // the thread that parses
    private bool _corked, _flushing, _closed;
    private string _reason = "the other side closed it.";

    public Handshake Peer => peer;

    public string Remote { get; } = context.RemoteEndPoint?.ToString() ?? "?";

    public bool IsOpen => !Volatile.Read(ref _closed);

    public long Now => runtime.Time.GetTimestamp();

    /// <summary>Requests of the other side that run here.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Reads until the connection ends, in whatever way, then fails the calls that wait on it.</summary>
    public async Task RunAsync()
    {
        var input = pipe.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync().ConfigureAwait(false);
                _loop = Environment.CurrentManagedThreadId;
                var rest = Parse(read.Buffer);
                _answers?.Publish();
                _answers = null;
                input.AdvanceTo(rest.Start, rest.End);
                Push();
                _loop = 0;
                if (read.IsCompleted || read.IsCanceled)
                    break;
            }
        }
        catch (Exception error)
        {
            if (error is InvalidDataException)
                runtime.Log.ConnectionRefused(Remote, error.Message);
            Break(error.Message);
        }
        await CloseAsync("the other side closed it.").ConfigureAwait(false);
    }

    /// <summary>Sends a request; its answer ends it.</summary>
    /// <exception cref="SiloUnavailableException">The connection is closed.</exception>
    /// <exception cref="OrleansException">Too much is under way.</exception>
    public void Send(string key, GrainRequest request)
    {
        lock (_gate)
        {
            if (_closed)
                throw new SiloUnavailableException($"The connection with {Remote} is closed: {_reason}");
            if (_calls.Count >= runtime.Limits.MaxCallsPerConnection)
                throw new OrleansException($"The connection with {Remote} is overloaded: {_calls.Count} calls are under way, MaxCallsPerConnection allows no more.");
            if (_out.Length >= runtime.Limits.MaxUnsentBytes)
                throw new OrleansException($"The connection with {Remote} is overloaded: {_out.Length} bytes are unsent, MaxUnsentBytes allows {runtime.Limits.MaxUnsentBytes}.");
            var call = ++_lastCall;
            request.CallId = call;
            var start = Begin(Kind.Request, call);
            try
            {
                _out.VarInt(request.CallerToken.CanBeCanceled ? Cancelable : 0u);
                _out.VarInt((ulong)runtime.Limits.ResponseTimeout.TotalMilliseconds);
                _out.Fixed64(request.Method.Id);
                _out.Text(key);
                request.WriteArguments(_out);
                End(start);
            }
            catch
            {
                _out.Truncate(start);
                throw;
            }
            if (!request.Method.OneWay)
                _calls.Add(call, request);
            request.Callee = this;
        }
        Push();
    }

    public void CancelCall(GrainRequest request)
    {
        lock (_gate)
        {
            if (!_calls.Remove(request.CallId) || _closed || !request.CallerToken.CanBeCanceled)
                return;
            End(Begin(Kind.Cancel, request.CallId));
        }
        Push();
    }

    public void Answer(GrainRequest request)
    {
        Interlocked.Decrement(ref _running);
        int unsent;
        lock (_gate)
        {
            _incoming.Remove(request.CallId);
            if (_closed || request.Method.OneWay)
                return;
            if (request.Error is { } error)
                WriteError(request.CallId, error);
            else
                WriteValue(request);
            unsent = _out.Length;
        }
        if (unsent > runtime.Limits.MaxUnsentBytes)
            Break($"it takes its answers too slowly: {unsent} bytes are unsent.");
        Push();
    }

    public ValueTask DisposeAsync() => new(CloseAsync("this side stops."));

    /// <summary>Ends the connection once what was written has left.</summary>
    public async Task CloseAsync(string reason)
    {
        Break(reason);
        await _flushed.Task.ConfigureAwait(false);
        await pipe.Output.CompleteAsync().ConfigureAwait(false);
        await pipe.Input.CompleteAsync().ConfigureAwait(false);
        await context.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _out.Dispose();
            _spare.Dispose();
        }
    }

    private void Break(string reason)
    {
        GrainRequest[] calls;
        lock (_gate)
        {
            if (_closed)
                return;
            (_closed, _reason) = (true, reason);
            calls = [.. _calls.Values];
            _calls.Clear();
            if (!_flushing && _out.Length == 0)
                _flushed.TrySetResult();
        }
        pipe.Input.CancelPendingRead();
        foreach (var call in calls)
            call.Fail(new SiloUnavailableException($"The connection with {Remote} broke while {call.Method} was under way, which may or may not have run: {reason}"));
        Push();
    }

    private ReadOnlySequence<byte> Parse(ReadOnlySequence<byte> buffer)
    {
        var more = TryTake(ref buffer, out var frame);
        while (more)
        {
            var current = frame;
            more = TryTake(ref buffer, out frame);
            _corked = more;     // while more frames of the batch wait, this thread flushes nothing: the last one's flush takes all
            if (current.IsSingleSegment)
            {
                Handle(current.FirstSpan);
                continue;
            }
            var size = (int)current.Length;
            var whole = ArrayPool<byte>.Shared.Rent(size);
            current.CopyTo(whole);
            Handle(whole.AsSpan(0, size));
            ArrayPool<byte>.Shared.Return(whole);
        }
        return buffer;
    }

    private bool TryTake(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> frame)
    {
        frame = default;
        if (buffer.Length < 4)
            return false;
        Span<byte> head = stackalloc byte[4];
        if (buffer.FirstSpan.Length >= 4)
            buffer.FirstSpan[..4].CopyTo(head);
        else
            buffer.Slice(0, 4).CopyTo(head);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (size > (uint)runtime.Limits.MaxFrameBytes)
            throw new InvalidDataException($"a frame of {size} bytes came, MaxFrameBytes allows {runtime.Limits.MaxFrameBytes}.");
        if (buffer.Length < 4 + size)
            return false;
        frame = buffer.Slice(4, size);
        buffer = buffer.Slice(4 + size);
        return true;
    }

    private void Handle(ReadOnlySpan<byte> frame)
    {
        var reader = new MessageReader(frame, runtime);
        var kind = (Kind)reader.VarInt();
        var call = (uint)reader.VarInt();
        switch (kind)
        {
            case Kind.Request: HandleRequest(ref reader, call); break;
            case Kind.Value or Kind.Error: HandleAnswer(ref reader, call, kind); break;
            case Kind.Cancel: HandleCancel(call); break;
            default: throw reader.Malformed($"a frame of kind {(byte)kind}");
        }
    }

    private void HandleRequest(ref MessageReader reader, uint call)
    {
        var cancelable = reader.VarInt() == Cancelable;
        var patience = reader.VarInt();
        var id = reader.Fixed64();
        var key = reader.Text();
        if (InterfaceInfo.FindMethod(id) is not { } method)
        {
            lock (_gate)
                WriteError(call, new OrleansException($"No grain interface here has method {id:x16}: this silo has older code or lacks the project."));
            return;
        }
        var request = method.Make();
        (request.CallId, request.AnswerTo) = (call, this);
        request.Deadline = runtime.After(TimeSpan.FromMilliseconds(Math.Min(patience, 1UL << 40)));
        var running = Interlocked.Increment(ref _running);
        try
        {
            request.ReadArguments(ref reader);
            if (running > runtime.Limits.MaxCallsPerConnection)
                throw new OrleansException($"The connection is overloaded: {running - 1} calls are under way, MaxCallsPerConnection allows no more.");
            if (cancelable)
            {
                request.Cancellation = new();
                lock (_gate)
                    _incoming[call] = request;
            }
            runtime.Receive(key, request);
        }
        catch (Exception error)
        {
            request.Refuse(error);
        }
    }

    private void HandleAnswer(ref MessageReader reader, uint call, Kind kind)
    {
        GrainRequest? request;
        lock (_gate)
        {
            if (!_calls.Remove(call, out request))
                return;     // it was given up
        }
        try
        {
            if (kind == Kind.Value)
            {
                request.ReadResult(ref reader);
                if (runtime.ContinuesInline)
                    request.Publish();
                else
                    (_answers ??= new()).Add(request);
            }
            else
            {
                request.Fail(ExceptionCodec.Read(ref reader));
            }
        }
        catch (Exception error)
        {
            request.Fail(error);
        }
    }

    private void HandleCancel(uint call)
    {
        GrainRequest? request;
        lock (_gate)
            _incoming.TryGetValue(call, out request);
        request?.Callee?.CancelCall(request);
    }

    private void WriteValue(GrainRequest request)
    {
        var start = Begin(Kind.Value, request.CallId);
        try
        {
            request.WriteResult(_out);
            End(start);
        }
        catch (Exception error)
        {
            _out.Truncate(start);
            WriteError(request.CallId, error);
        }
    }

    private void WriteError(uint call, Exception error)
    {
        var start = Begin(Kind.Error, call);
        ExceptionCodec.Write(_out, error);
        End(start);
    }

    private int Begin(Kind kind, uint call)
    {
        var start = _out.Length;
        _out.Fixed32(0);
        _out.VarInt((byte)kind);
        _out.VarInt(call);
        return start;
    }

    private void End(int start)
    {
        var size = _out.Length - start - 4;
        if (size > runtime.Limits.MaxFrameBytes)
            throw new InvalidOperationException($"The message has {size} bytes, MaxFrameBytes allows {runtime.Limits.MaxFrameBytes}.");
        _out.Patch32(start, (uint)size);
    }

    /// <summary>Flushes now where little is under way. Otherwise behind what the thread pool has to do already, which is likely to write too.</summary>
    private void Push()
    {
        var inLoop = _loop == Environment.CurrentManagedThreadId;
        lock (_gate)
        {
            if (_flushing || _out.Length == 0 || (inLoop && _corked && _out.Length < CorkedLimit))
                return;
            _flushing = true;
        }
        if (inLoop || _calls.Count + Running < Busy)
            _ = FlushAsync();
        else
            ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.FlushAsync(), this, preferLocal: false);
    }

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    if (_out.Length == 0)
                    {
                        _flushing = false;
                        if (_closed)
                            _flushed.TrySetResult();
                        return;
                    }
                    (_out, _spare) = (_spare, _out);
                }
                pipe.Output.Write(_spare.Written.Span);
                _spare.Reset();
                if ((await pipe.Output.FlushAsync().ConfigureAwait(false)).IsCompleted)
                    throw new IOException("the other side takes nothing any more.");
            }
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                _out.Reset();
                _flushing = false;
            }
            Break(error.Message);
            _flushed.TrySetResult();
        }
    }
}
