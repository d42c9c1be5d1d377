namespace OrleansCache.Redis;

/// <summary>
/// One connection, shared by all callers. Commands are encoded under a short lock; who finds nobody sending sends everything that
/// has gathered. Replies complete their callers on the read loop, and what those send in turn leaves as one batch when the replies
/// at hand are done with. It is used until it breaks, and never again.
/// </summary>
internal sealed class RedisConnection
{
    private const int ReceiveBufferSize = 64 * 1024;
    private const int TicksPerTimeout = 20;

    private readonly Lock _lock = new();
    private readonly Queue<PendingCommand> _waiting = new();
    private readonly TaskCompletionSource<Exception> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _stream;
    private readonly string _endPoint;
    private readonly RedisConnectionOptions _options;
    private readonly Action<RedisReply> _onPush;
    private readonly ITimer _timer;
    private readonly long _keepAliveTicks;
    private CommandBuffer _gathering = new();
    private CommandBuffer _sending = new();
    private long _encoded;
    private long _handedOver;
    private bool _isSending;
    private Exception? _broken;
    private int _readingThread;
    private long _tick;
    private long _lastReceived;

    public RedisConnection(Stream stream, string endPoint, RedisConnectionOptions options, TimeProvider clock, Action<RedisReply> onPush)
    {
        (_stream, _endPoint, _options, _onPush) = (stream, endPoint, options, onPush);
        var period = options.CommandTimeout / TicksPerTimeout;
        _keepAliveTicks = options.KeepAlive > TimeSpan.Zero ? Math.Max(1, (long)(options.KeepAlive / period)) : long.MaxValue;
        _timer = clock.CreateTimer(static state => ((RedisConnection)state!).Tick(), this, period, period);
        _ = ReadAsync();
    }

    /// <summary>Completes with the cause when the connection has broken.</summary>
    public Task<Exception> Closed => _closed.Task;

    /// <summary><c>host:port</c>, for messages.</summary>
    public string EndPoint => _endPoint;

    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    public int Outstanding
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    public PendingCommand Send(ReadOnlySpan<RedisArgument> command, bool answeredByPush = false)
    {
        var pending = PendingCommand.Rent();
        bool send;
        Exception? refusal;
        lock (_lock)
        {
            refusal = Refusal();
            if (refusal is null)
            {
                var before = _gathering.Length;
                _gathering.Write(command);
                _encoded += _gathering.Length - before;
                pending.Queued(_tick, _encoded, answeredByPush);
                _waiting.Enqueue(pending);
            }
            send = refusal is null && !_isSending && _readingThread != Environment.CurrentManagedThreadId;
            _isSending |= send;
        }
        if (refusal is not null)
            pending.TryFail(refusal);
        if (send)
            _ = FlushAsync();
        return pending;
    }

    /// <summary>Breaks the connection: whoever waits fails at once, and is told whether the server may have run the command.</summary>
    public void Abort(Exception cause)
    {
        PendingCommand[] orphans;
        long handedOver;
        lock (_lock)
        {
            if (_broken is not null)
                return;
            Volatile.Write(ref _broken, cause);
            (orphans, handedOver) = ([.. _waiting], _handedOver);
            _waiting.Clear();
        }
        _timer.Dispose();
        _stream.Dispose();
        _closed.TrySetResult(cause);
        foreach (var orphan in orphans)
        {
            var maybe = orphan.EndsAt <= handedOver;
            orphan.TryFail(new RedisConnectionException(
                $"The connection to {_endPoint} broke before the answer came; the command {(maybe ? "may" : "can not")} have been applied. {cause.Message}",
                maybe,
                cause));
            orphan.Release();
        }
    }

    private RedisConnectionException? Refusal()
    {
        if (_broken is not null)
            return new($"The connection to {_endPoint} is broken; the command was not sent. {_broken.Message}", maybeApplied: false, _broken);
        if (_waiting.Count >= _options.MaxPendingCommands)
            return new($"{_waiting.Count} commands wait for {_endPoint} already (MaxPendingCommands); the command was not sent.", maybeApplied: false);
        return _gathering.Length > _options.MaxUnsentBytes
            ? new($"{_gathering.Length} bytes wait to be sent to {_endPoint} already (MaxUnsentBytes); the command was not sent.", maybeApplied: false)
            : null;
    }

    // The caller has set _isSending.
    private async Task FlushAsync()
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
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Connection.Abort(state.Cause), (Connection: this, Cause: exception), preferLocal: false);
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
            var buffer = new byte[ReceiveBufferSize];
            for (var filled = 0; ;)
            {
                var received = await _stream.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
                if (received == 0)
                    throw new EndOfStreamException("The server closed the connection.");
                filled += received;
                Volatile.Write(ref _lastReceived, Volatile.Read(ref _tick));
                _readingThread = Environment.CurrentManagedThreadId;
                try
                {
                    filled = Take(parser, buffer, filled);
                }
                finally
                {
                    _readingThread = 0;
                }
                FlushReplies();
            }
        }
        catch (Exception exception)
        {
            Abort(exception);
        }
    }

    // Hands out every whole reply and moves the rest to the front of the buffer.
    private int Take(RespParser parser, byte[] buffer, int filled)
    {
        ReadOnlySpan<byte> input = buffer.AsSpan(0, filled);
        while (parser.TryRead(ref input, out var reply))
            Dispatch(reply);
        if (input.Length == buffer.Length)
            throw new RedisProtocolException($"A line of a reply is longer than {buffer.Length} bytes.");
        input.CopyTo(buffer);
        return input.Length;
    }

    private void FlushReplies()
    {
        lock (_lock)
        {
            if (_isSending || _gathering.Length == 0)
                return;
            _isSending = true;
        }
        _ = FlushAsync();
    }

    private void Dispatch(in RedisReply reply)
    {
        PendingCommand? pending;
        lock (_lock)
        {
            if (reply.Kind == RedisReplyKind.Push && !(IsConfirmation(reply) && _waiting.TryPeek(out var head) && head.AnsweredByPush))
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

    private static bool IsConfirmation(in RedisReply push) => push[0].AsString() is "subscribe" or "unsubscribe";

    // Fails what waited too long; its reply, if it comes, is passed over. A server that is silent twice as long is given up.
    private void Tick()
    {
        List<PendingCommand>? late = null;
        bool isSilent, isIdle;
        long handedOver;
        lock (_lock)
        {
            if (_broken is not null)
                return;
            var now = ++_tick;
            foreach (var pending in _waiting)
            {
                if (now - pending.QueuedAt <= TicksPerTimeout)
                    break;
                if (pending.IsCompleted)
                    continue;
                pending.Hold();
                (late ??= []).Add(pending);
            }
            isSilent = _waiting.TryPeek(out var oldest) && now - Math.Max(_lastReceived, oldest.QueuedAt) > 2 * TicksPerTimeout;
            isIdle = _waiting.Count == 0 && now - _lastReceived >= _keepAliveTicks;
            handedOver = _handedOver;
        }
        foreach (var pending in late ?? [])
        {
            pending.TryFail(new RedisTimeoutException(
                $"No answer from {_endPoint} within {_options.CommandTimeout.TotalMilliseconds} ms (asyncTimeout); {Outstanding} commands wait.",
                pending.EndsAt <= handedOver));
            pending.Release();
        }
        if (isSilent)
            Abort(new TimeoutException($"The server was silent for {2 * _options.CommandTimeout.TotalMilliseconds} ms while commands waited."));
        else if (isIdle)
            Send(["PING"]);
    }
}
