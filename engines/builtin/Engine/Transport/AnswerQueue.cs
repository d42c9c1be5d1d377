namespace OrleansCache.Engine;

/// <summary>Answers that came together. The thread that read them runs their callers one after the other and then reads on, which costs
/// no hop. As a caller may block, another thread stands by to take over the rest of the callers, and the reading.</summary>
internal sealed class AnswerQueue(Connection connection, bool mayBlock) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<GrainRequest> _answers = new();
    private int _hasReader = 1, _standsBy;

    public void Add(GrainRequest answer) => _answers.Enqueue(answer);

    /// <summary>Runs the callers, by the thread that reads the connection. False when another thread reads it now.</summary>
    public bool Run()
    {
        if (_answers.IsEmpty)
            return true;
        Volatile.Write(ref _hasReader, 0);
        StandBy();
        return Drain();
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _standsBy, 0);
        if (Volatile.Read(ref _hasReader) == 1)
            return;
        if (!_answers.IsEmpty)
            StandBy();
        if (Drain())
            connection.Read();
    }

    private void StandBy()
    {
        if (mayBlock && Interlocked.Exchange(ref _standsBy, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>True to the one thread that is to read on.</summary>
    private bool Drain()
    {
        while (_answers.TryDequeue(out var answer))
            answer.Publish(inline: true);
        return Interlocked.Exchange(ref _hasReader, 1) == 0;
    }
}
