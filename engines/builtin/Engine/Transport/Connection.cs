namespace OrleansCache.Engine;

/// <summary>Calls over one stream, both ways.</summary>
internal sealed class Connection : ICallee
{
    private const int Busy = 4;
    private readonly EngineRuntime _runtime;
    private readonly Stream _stream;
    private readonly FrameReader _in;
    private readonly Outbox _out;
    private readonly PendingCalls _calls;
    private readonly IncomingCalls _incoming;
    private readonly AnswerQueue _answers;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _closed;        // why

    /// <param name="runtime">Takes requests to their targets.</param>
    /// <param name="stream">The bytes, decrypted.</param>
    /// <param name="input">What reads them; the handshake has been taken out.</param>
    /// <param name="remote">The other side, for messages.</param>
    /// <param name="peer">What it said of itself.</param>
    public Connection(EngineRuntime runtime, Stream stream, FrameReader input, string remote, Handshake peer)
    {
        (_runtime, _stream, _in, Remote, Peer) = (runtime, stream, input, remote, peer);
        _out = new(stream, runtime.Limits, () => _calls!.Count + _incoming!.Running >= Busy, Break);
        _calls = new(runtime.Clock);
        _incoming = new(runtime, _out, Abort);
        _answers = new(this, runtime.CallersMayBlock);
    }

    /// <summary>Makes a connection of a socket; the socket is disposed of when that fails.</summary>
    /// <param name="runtime">Takes requests to their targets.</param>
    /// <param name="socket">It is connected.</param>
    /// <param name="encrypt">Null: it stays plain.</param>
    /// <param name="greet">Introduces both sides to each other.</param>
    public static async Task<Connection> OpenAsync(
        EngineRuntime runtime, Socket socket, Func<SslStream, Task>? encrypt, Func<Stream, FrameReader, Task<Handshake>> greet)
    {
        Stream stream = new PolledStream(socket);
        try
        {
            (socket.NoDelay, socket.Blocking) = (true, false);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            // TCP_USER_TIMEOUT: a connection is given up when nothing was acknowledged for five seconds. Else one that was cut in silence for
            // a minute would be tried again after up to a minute more.
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption(6, 18, BitConverter.GetBytes(5_000));
            var remote = socket.RemoteEndPoint!.ToString()!;
            if (encrypt is not null)
                await encrypt((SslStream)(stream = new SslStream(stream))).ConfigureAwait(false);
            var input = new FrameReader(stream);
            return new(runtime, stream, input, remote, await greet(stream, input).ConfigureAwait(false));
        }
        catch (Exception error)
        {
            var disagreed = stream is SslStream { IsAuthenticated: false } && error is AuthenticationException or IOException;
            await stream.DisposeAsync().ConfigureAwait(false);
            if (disagreed)
                throw new InvalidDataException($"TLS was not agreed: {error.Message}", error);
            throw;
        }
    }

    public Handshake Peer { get; }

    public string Remote { get; }

    public bool IsOpen => Volatile.Read(ref _closed) is null;

    /// <summary>Reads until the connection ends, in whatever way; calls that wait on it fail then.</summary>
    public Task RunAsync()
    {
        Read();
        return _ended.Task;
    }

    /// <summary>Ends the connection once what was written has left.</summary>
    public Task CloseAsync(string reason)
    {
        Break(reason);
        return _ended.Task;
    }

    /// <summary>Sends a request; its answer ends it.</summary>
    /// <exception cref="SiloUnavailableException">The connection is closed.</exception>
    /// <exception cref="OrleansException">Too much is under way.</exception>
    public void Send(GrainRequest request)
    {
        if (_calls.Count >= _runtime.Limits.MaxCallsPerConnection)
            throw new OrleansException($"The connection with {Remote} is overloaded: {_calls.Count} calls are under way, MaxCallsPerConnection allows no more.");
        if (_out.Unsent >= _runtime.Limits.MaxUnsentBytes)
            throw new OrleansException($"The connection with {Remote} is overloaded: {_out.Unsent} bytes are unsent, MaxUnsentBytes allows {_runtime.Limits.MaxUnsentBytes}.");
        request.Callee = this;
        if (!request.Method.OneWay)
            _calls.Add(request);
        if (!_out.Write(FrameKind.Request, request.CallId, request, static (writer, request) =>
        {
            IncomingCalls.WriteHead(writer, request, request.CallerToken.CanBeCanceled && !request.Method.OneWay);
            request.WriteArguments(writer);
        }))
            throw new SiloUnavailableException($"The connection with {Remote} is closed: {_closed}");
    }

    public void CancelCall(GrainRequest request)
    {
        if (request.CallerToken.CanBeCanceled)
            _out.Write(FrameKind.Cancel, request.CallId, request, static (_, _) => { });
    }

    /// <summary>Begins to read; or goes on where another thread was held up, and sends what that one has written.</summary>
    public void Read() => _ = LoopAsync();

    private async Task LoopAsync()
    {
        try
        {
            do
            {
                _out.Hold();
                while (_in.TryTake(_runtime.Limits.MaxFrameBytes, out var frame))
                    Handle(frame);
                if (!_answers.Run())
                    return;
                _out.Release();
            }
            while (await _in.FillAsync().ConfigureAwait(false));
            Break("the other side closed it.");
        }
        catch (Exception error)
        {
            if (error is InvalidDataException)
                _runtime.Log.ConnectionRefused(Remote, error.Message);
            Break(error.Message);
        }
        _ended.TrySetResult();
    }

    private void Handle(ReadOnlySpan<byte> frame)
    {
        var reader = new MessageReader(frame, _runtime);
        var kind = (FrameKind)reader.VarInt();
        var call = (uint)reader.VarInt();
        switch (kind)
        {
            case FrameKind.Request: _incoming.Receive(ref reader, call); break;
            case FrameKind.Value or FrameKind.Error when _calls.Take(call) is { } answered:
                answered.ReadAnswer(ref reader, kind == FrameKind.Error);
                _answers.Add(answered);
                break;
            case FrameKind.Value or FrameKind.Error: break;      // it was given up
            case FrameKind.Cancel: _incoming.Cancel(call); break;
            default: throw reader.Malformed($"a frame of kind {(byte)kind}");
        }
    }

    private void Break(string reason)
    {
        Interlocked.CompareExchange(ref _closed, reason, null);
        _out.Close();       // first, so that no call is added after those that fail here
        foreach (var call in _calls.Close())
            call.Fail(new SiloUnavailableException($"The connection with {Remote} broke while {call.Method} was under way, which may or may not have run: {reason}"));
    }

    private void Abort(string reason)
    {
        Break(reason);
        _stream.Dispose();
    }
}
