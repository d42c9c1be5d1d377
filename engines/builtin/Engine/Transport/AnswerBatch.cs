namespace OrleansCache.Engine;

/// <summary>Answers that came together: their callers go on one after the other on one thread of the pool, which costs one hop for all.
/// A second thread stands by to take over the rest, so that a caller who blocks holds up nobody.</summary>
internal sealed class AnswerBatch : IThreadPoolWorkItem
{
    private readonly List<GrainRequest> _answers = [];
    private int _taken;

    public void Add(GrainRequest answer) => _answers.Add(answer);

    public void Publish() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    public void Execute()
    {
        var standsBy = false;
        for (int i; (i = Interlocked.Increment(ref _taken) - 1) < _answers.Count;)
        {
            if (!standsBy && i + 1 < _answers.Count)
                standsBy = ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            _answers[i].Publish();
        }
    }
}
