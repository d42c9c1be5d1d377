namespace OrleansCache.Redis;

/// <summary>
/// One connection, shared by all callers. Commands are encoded under a short lock; who finds nobody sending sends everything that
/// has gathered. Replies complete their callers on the read loop, and what those send in turn leaves as one batch when the replies
/// at hand are done with. It is used until it breaks, and never again.
/// </summary>
internal sealed class RedisConnection
{
    private const int BufferSize = 64 * 1024;
    private const int TicksPerTimeout = 20;

    private readonly Lock _lock = new();
    private readonly Queue<PendingCommand> _waiting = new();
    private readonly TaskCompletionSource<Exception> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _stream;
    private readonly RedisConnectionOptions _options;
    private readonly Action<RedisReply> _onPush;
    private readonly ITimer _timer;
    private readonly long _keepAliveTicks;
    private CommandBuffer _gathering = new();
    private CommandBuffer _sending = new();
    private long _encoded;
    private long _handedOver;
    private bool _isSending;
    private volatile Exception? _broken;
    private int _readingThread;
    private long _tick;
    private long _lastReceived;

    public RedisConnection(Stream stream, string endPoint, RedisConnectionOptions options, TimeProvider clock, Action<RedisReply> onPush)
    {
        (_stream, EndPoint, _options, _onPush) = (stream, endPoint, options, onPush);
        var period = options.CommandTimeout / TicksPerTimeout;
        _keepAliveTicks = options.KeepAlive > TimeSpan.Zero ? (long)Math.Ceiling(options.KeepAlive / period) : long.MaxValue;
        _timer = clock.CreateTimer(static state => ((RedisConnection)state!).Tick(), this, period, period);
        _ = ReadAsync();
    }

    /// <summary>Completes with the cause when the connection has broken.</summary>
    public Task<Exception> Closed => _closed.Task;

    /// <summary><c>host:port</c>, for messages.</summary>
    public string EndPoint { get; }

    public bool IsBroken => _broken is not null;

    public int Outstanding => _waiting.Count;

    public PendingCommand Send(ReadOnlySpan<RedisArgument> command, bool answeredByPush = false)
    {
        var pending = PendingCommand.Rent();
        RedisConnectionException? refusal;
        var send = false;
        lock (_lock)
        {
            refusal = Refusal();
            if (refusal is null)
            {
                var before = _gathering.Length;
                _gathering.Write(command);
                _encoded += _gathering.Length - before;
                pending.Queue(_tick, _encoded, answeredByPush);
                _waiting.Enqueue(pending);
                send = _readingThread != Environment.CurrentManagedThreadId && TryStartSending();
            }
        }
        if (refusal is not null)
            pending.TryFail(refusal);
        if (send)
            _ = SendGatheredAsync();
        return pending;
    }

    /// <summary>Breaks the connection: whoever waits fails at once, and is told whether the server may have run the command.</summary>
    public void Abort(Exception cause)
    {
        PendingCommand[] orphans;
        lock (_lock)
        {
            if (_broken is not null)
                return;
            _broken = cause;
            orphans = [.. _waiting];
            _waiting.Clear();
        }
        _timer.Dispose();
        _stream.Dispose();
        _closed.TrySetResult(cause);
        foreach (var orphan in orphans)
        {
            var maybe = orphan.EndsAt <= _handedOver;
            var verdict = maybe ? "may" : "can not";
            orphan.TryFail(new RedisConnectionException(
                $"The connection to {EndPoint} broke; the command {verdict} have been applied. {cause.Message}", maybe, cause));
            orphan.Release();
        }
    }

    private RedisConnectionException? Refusal()
    {
        var why = _broken is not null ? $"the connection is broken: {_broken.Message}"
            : _waiting.Count >= _options.MaxPendingCommands ? $"{_waiting.Count} commands wait already (MaxPendingCommands)."
            : _gathering.Length > _options.MaxUnsentBytes ? $"{_gathering.Length} bytes wait already (MaxUnsentBytes)."
            : null;
        return why is null ? null : new($"The command was not sent to {EndPoint}: {why}", maybeApplied: false, _broken);
    }

    private bool TryStartSending()
    {
        lock (_lock)
            return !_isSending && _gathering.Length > 0 && (_isSending = true);
    }

    private async Task SendGatheredAsync()
    {
        try
        {
            while (TryTakeGathered())
            {
                await _stream.WriteAsync(_sending.Written).ConfigureAwait(false);
                _sending.Clear();
            }
        }
        catch (Exception exception)
        {
            // Not here: the callers that fail would go on inside another's call.
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Self.Abort(state.Cause), (Self: this, Cause: exception), preferLocal: false);
        }
    }

    private bool TryTakeGathered()
    {
        lock (_lock)
        {
            _isSending = _gathering.Length > 0 && _broken is null;
            if (!_isSending)
                return false;
            (_gathering, _sending) = (_sending, _gathering);
            _handedOver = _encoded;
            return true;
        }
    }

    private async Task ReadAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var parser = new RespParser(_options.MaxReplyBytes);
            var buffer = new byte[BufferSize];
            for (var filled = 0; ;)
            {
                var received = await _stream.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
                if (received == 0)
                    throw new EndOfStreamException("The server closed the connection.");
                Volatile.Write(ref _lastReceived, Volatile.Read(ref _tick));
                filled = HandOut(parser, buffer, filled + received);
                if (filled == buffer.Length)
                    Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, buffer.Length * 2L));
                else if (filled == 0 && buffer.Length > BufferSize)
                    buffer = new byte[BufferSize];
                if (TryStartSending())
                    _ = SendGatheredAsync();
            }
        }
        catch (Exception exception)
        {
            Abort(exception);
        }
    }

    // Completes whoever has a whole reply, and moves the rest to the front of the buffer.
    private int HandOut(RespParser parser, byte[] buffer, int filled)
    {
        _readingThread = Environment.CurrentManagedThreadId;
        ReadOnlySpan<byte> input = buffer.AsSpan(0, filled);
        while (parser.TryRead(ref input, out var reply))
            HandOut(reply);
        _readingThread = 0;
        input.CopyTo(buffer);
        return input.Length;
    }

    private void HandOut(in RedisReply reply)
    {
        PendingCommand? pending;
        lock (_lock)
        {
            _waiting.TryPeek(out pending);
            if (reply.Kind == RedisReplyKind.Push && !(pending is { AnsweredByPush: true } && reply[0].AsString() is "subscribe" or "unsubscribe"))
                pending = null;
            else if (!_waiting.TryDequeue(out pending))
                throw new RedisProtocolException("A reply came that nobody asked for.");
        }
        if (pending is null)
        {
            _onPush(reply);
            return;
        }
        pending.TryComplete(reply);
        pending.Release();
    }

    // Fails what waited too long; its reply, if it comes, is passed over. A server that is silent twice as long is given up.
    private void Tick()
    {
        List<PendingCommand> late = [];
        bool isSilent, isIdle;
        lock (_lock)
        {
            var now = ++_tick;
            late.AddRange(_waiting.TakeWhile(pending => now - pending.QueuedAt > TicksPerTimeout).Where(pending => !pending.IsCompleted));
            late.ForEach(pending => pending.Hold());
            isSilent = _waiting.TryPeek(out var oldest) && now - Math.Max(_lastReceived, oldest.QueuedAt) > 2 * TicksPerTimeout;
            isIdle = oldest is null && now - _lastReceived >= _keepAliveTicks;
        }
        foreach (var pending in late)
        {
            pending.TryFail(new RedisTimeoutException(
                $"No answer from {EndPoint} within {_options.CommandTimeout.TotalMilliseconds} ms (asyncTimeout); {Outstanding} commands wait.",
                maybeApplied: pending.EndsAt <= _handedOver));
            pending.Release();
        }
        if (isSilent)
            Abort(new TimeoutException($"The server was silent for {2 * _options.CommandTimeout.TotalMilliseconds} ms while commands waited."));
        else if (isIdle)
            Send(["PING"]);
    }
}
