namespace OrleansCache;

/// <summary>Writing calls by operation id: those that run, those that ended lately, and those that must not begin any more.</summary>
internal sealed class WriterCalls(TimeProvider clock)
{
    /// <summary>Answers are large, and who lost one asks again at once. Later it hears that nobody knows, which is safe.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);
    private readonly Dictionary<Guid, Task<WriterAnswer>?> _calls = [];
    private readonly Queue<(Guid Id, long At)> _ended = new();
    private readonly Queue<(Guid Id, long At)> _barred = new();

    public bool Knows(Guid id) => _calls.ContainsKey(id);

    /// <summary>Somebody asked about a call that is not known: its first try, if it still comes, is too late.</summary>
    public void Bar(Guid id)
    {
        if (_calls.TryAdd(id, null))
            _barred.Enqueue((id, clock.GetTimestamp()));
    }

    /// <summary>The call as it runs or ended; begun if it is not known; null when it must not begin.</summary>
    public Task<WriterAnswer>? Find(Guid id, in WriterCall call, Func<WriterCall, Task<WriterAnswer>> begin)
    {
        Forget(_ended, Remembered);
        Forget(_barred, OperationLimits.Remembered);
        if (!_calls.TryGetValue(id, out var running))
        {
            _calls[id] = running = begin(call);
            _ = RememberAsync(id, running);
        }

        return running;
    }

    private async Task RememberAsync(Guid id, Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _ended.Enqueue((id, clock.GetTimestamp()));
    }

    private void Forget(Queue<(Guid Id, long At)> calls, TimeSpan after)
    {
        while (calls.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.At) > after)
            _calls.Remove(calls.Dequeue().Id);
    }
}
