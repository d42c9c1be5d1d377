namespace OrleansCache.Engine;

/// <summary>Frames on their way out of one connection: they gather while the last ones leave, and leave together. What the thread that
/// reads the connection writes waits until it has done all that it read.</summary>
/// <param name="stream">Where they go.</param>
/// <param name="limits">Bounds of one frame.</param>
/// <param name="isBusy">True when more frames are likely to come at once, so that it pays to wait for them.</param>
/// <param name="broken">Called when the stream takes no more.</param>
internal sealed class Outbox(Stream stream, EngineOptions limits, Func<bool> isBusy, Action<string> broken) : IThreadPoolWorkItem
{
    private const int CorkedLimit = 32 * 1024;
    private readonly Lock _gate = new();
    private MessageWriter _gathered = new(), _leaving = new();
    private int _reader;        // the thread whose frames wait for the end of its batch; 0 for none
    private bool _isSending, _isClosed;

    /// <summary>Bytes that the stream was not given yet.</summary>
    public int Unsent => _gathered.Length;

    /// <summary>Writes a frame; nothing of it stays if that fails.</summary>
    /// <returns>False when the connection is closed.</returns>
    /// <exception cref="InvalidOperationException">The frame is too long.</exception>
    public bool Write<T>(FrameKind kind, uint call, T content, Action<MessageWriter, T> write) where T : class
    {
        bool isReader;
        lock (_gate)
        {
            if (_isClosed)
                return false;
            var start = _gathered.Length;
            try
            {
                _gathered.Fixed32(0);
                _gathered.VarInt((byte)kind);
                _gathered.VarInt(call);
                write(_gathered, content);
                var size = _gathered.Length - start - sizeof(uint);
                if (size > limits.MaxFrameBytes)
                    throw new InvalidOperationException($"The message has {size} bytes, MaxFrameBytes allows {limits.MaxFrameBytes}.");
                _gathered.Patch32(start, (uint)size);
            }
            catch
            {
                _gathered.Truncate(start);
                throw;
            }
            isReader = _reader == Environment.CurrentManagedThreadId;
            if (_isSending || (isReader && _gathered.Length < CorkedLimit))
                return true;
            _isSending = true;
        }
        if (isReader || !isBusy())
            _ = SendAsync();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);       // behind what is likely to write too
        return true;
    }

    /// <summary>From here to <see cref="Release"/>, what this thread writes waits.</summary>
    public void Hold() => Volatile.Write(ref _reader, Environment.CurrentManagedThreadId);

    /// <summary>Sends what waits.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _reader = 0;
            if (_isSending || (_gathered.Length == 0 && !_isClosed))
                return;
            _isSending = true;
        }
        _ = SendAsync();
    }

    /// <summary>Takes no more frames, and ends the stream once what was written has left.</summary>
    public void Close()
    {
        lock (_gate)
            _isClosed = true;
        Release();
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAsync();

    /// <summary>By who set <see cref="_isSending"/>.</summary>
    private async Task SendAsync()
    {
        try
        {
            bool isOver;
            while (TryTake(out isOver))
                await stream.WriteAsync(_leaving.Written).ConfigureAwait(false);
            if (isOver)
                await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            broken(error.Message);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private bool TryTake(out bool isOver)
    {
        using var scope = _gate.EnterScope();
        _leaving.Reset();
        (_gathered, _leaving) = (_leaving, _gathered);
        _isSending = _leaving.Length > 0;
        isOver = _isClosed;
        return _isSending;
    }
}
