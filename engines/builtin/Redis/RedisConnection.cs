namespace OrleansCache.Redis;

/// <summary>
/// One connection, shared by all callers. Commands are encoded under a short lock; who finds nobody sending sends everything that
/// has gathered. Replies complete their callers on the read loop, and what those send in turn leaves as one batch when the replies
/// at hand are done with. It is used until it breaks, and never again.
/// </summary>
internal sealed class RedisConnection(Stream stream, string endPoint, RedisConnectionOptions options, TimeProvider clock, Action<RedisReply> onPush)
{
    private const int BufferSize = 64 * 1024;
    private const int TicksPerTimeout = 20;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<Exception> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _period = options.CommandTimeout / TicksPerTimeout;
    private ITimer? _timer;
    private Queue<(PendingCommand Command, long QueuedAt)> _waiting = new();      // since which tick
    private ArrayBufferWriter<byte> _gathering = new(), _sending = new();
    private int _unsent, _readingThread;
    private bool _isSending;
    private volatile Exception? _broken;
    private long _tick;

    /// <summary>Begins to read.</summary>
    public void Start()
    {
        _timer = clock.CreateTimer(static state => ((RedisConnection)state!).Tick(), this, _period, _period);
        _ = ReadAsync().ContinueWith(reading => Abort(reading.Exception?.InnerException ?? new TaskCanceledException(reading)), TaskScheduler.Default);
    }

    /// <summary>Completes with the cause when the connection has broken.</summary>
    public Task<Exception> Closed => _closed.Task;

    public bool IsBroken => _broken is not null;

    public int Outstanding => _waiting.Count;

    public PendingCommand Send(ReadOnlySpan<RedisArgument> command)
    {
        PendingCommand pending;
        lock (_lock)
        {
            if (Refusal() is { } why)
                return new PendingCommand().Fail(new RedisConnectionException($"Not sent to {endPoint}: {why}", maybeApplied: false, _broken));
            _gathering.WriteCommand(command);
            _waiting.Enqueue((pending = PendingCommand.Pool.Get(), _tick));
            _unsent++;
        }
        if (_readingThread != Environment.CurrentManagedThreadId)
            _ = SendGatheredAsync();
        return pending;
    }

    /// <summary>Breaks the connection: whoever waits fails at once, and is told whether the server may have run the command.</summary>
    public void Abort(Exception cause)
    {
        Interlocked.CompareExchange(ref _broken, cause, null);
        Queue<(PendingCommand, long)> orphans;
        lock (_lock)
            (orphans, _waiting) = (_waiting, new());
        _timer?.Dispose();
        stream.Dispose();
        _closed.TrySetResult(cause);
        foreach (var (i, (command, _)) in orphans.Index())
        {
            var maybe = i < orphans.Count - _unsent;
            var message = $"The connection to {endPoint} broke; the command {(maybe ? "may" : "can not")} have been applied. {cause.Message}";
            command.Fail(cause is TimeoutException ? new RedisTimeoutException(message, maybe) : new RedisConnectionException(message, maybe, cause));
        }
    }

    private string? Refusal()
        => _broken is not null ? $"the connection is broken: {_broken.Message}"
        : _waiting.Count >= options.MaxPendingCommands ? $"{_waiting.Count} commands wait already (MaxPendingCommands)."
        : _gathering.WrittenCount > options.MaxUnsentBytes ? $"{_gathering.WrittenCount} bytes wait already (MaxUnsentBytes)."
        : null;

    private async Task SendGatheredAsync()
    {
        try
        {
            for (var isSender = false; TryTakeGathered(isSender); isSender = true)
                await stream.WriteAsync(_sending.WrittenMemory).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Not here: the callers that fail would go on inside another's call.
            ThreadPool.UnsafeQueueUserWorkItem(Abort, exception, preferLocal: false);
        }
    }

    private bool TryTakeGathered(bool isSender)
    {
        using var scope = _lock.EnterScope();
        if (_isSending != isSender || !(_isSending = _gathering.WrittenCount > 0 && _broken is null))
            return false;
        (_gathering, _sending) = (_sending.Capacity > 16 * BufferSize ? new() : _sending, _gathering);
        _gathering.ResetWrittenCount();
        _unsent = 0;
        return true;
    }

    // Ends with an exception.
    private async Task ReadAsync()
    {
        var parser = new RespParser(options.MaxReplyBytes);
        var buffer = new byte[BufferSize];
        for (var filled = 0; ;)
        {
            var received = await stream.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
            if (received == 0)
                throw new EndOfStreamException("The server closed the connection.");
            filled = HandOut(parser, buffer, filled + received);
            // Doubled when it is full, as it was at first when nothing is left in it.
            Array.Resize(ref buffer, filled == buffer.Length ? 2 * filled : filled == 0 ? BufferSize : buffer.Length);
            if (_gathering.WrittenCount > 0)
                _ = SendGatheredAsync();
        }
    }

    // Completes whoever has a whole reply, and moves the rest to the front of the buffer.
    private int HandOut(RespParser parser, byte[] buffer, int filled)
    {
        _readingThread = Environment.CurrentManagedThreadId;
        ReadOnlySpan<byte> input = buffer.AsSpan(0, filled);
        for (var isPush = input[0] == '>'; parser.TryRead(ref input, out var reply); isPush = input is [(byte)'>', ..])
        {
            // The answer to a subscription, or to its end, is a push too.
            if (isPush && reply[0].AsString() is not ("subscribe" or "unsubscribe"))
                onPush(reply);
            else
                TakeOldest().Complete(reply);
        }
        _readingThread = 0;
        input.CopyTo(buffer);
        return input.Length;
    }

    private PendingCommand TakeOldest()
    {
        lock (_lock)
            return _waiting.TryDequeue(out var oldest) ? oldest.Command : throw new RedisProtocolException("A reply came unasked.");
    }

    // Replies come in order: if the oldest command waited too long, all that wait would, and the server is given up.
    private void Tick()
    {
        long? queued;       // the oldest command's tick
        lock (_lock)
            queued = _waiting.TryPeek(out var oldest) ? oldest.QueuedAt : null;
        if (++_tick - queued > TicksPerTimeout)
            Abort(new TimeoutException($"It did not answer within {options.CommandTimeout.TotalMilliseconds} ms (asyncTimeout)."));
        else if (queued is null && options.KeepAlive > TimeSpan.Zero && _tick % (long)Math.Ceiling(options.KeepAlive / _period) == 0)
            Send(["PING"]);
    }
}
