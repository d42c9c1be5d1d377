namespace OrleansCache;

/// <summary>Makes clients' writing calls, once for each operation id.</summary>
[Reentrant, GrainType(OwnedGrains.Writer)]
internal sealed class OriginWriterGrain(OriginCaller origin, TimeProvider clock) : Grain, IOriginWriterGrain
{
    /// <summary>Answers are large, and who lost one asks again at once. Later it hears that nobody knows, which is safe.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);
    private readonly Dictionary<Guid, Task<WriterAnswer>> _calls = [];
    private readonly Queue<(Guid Id, long EndedAt)> _ended = new();

    public async ValueTask<WriterAnswer> WriteAsync(WriterCall call)
    {
        Forget();
        if (!_calls.TryGetValue(call.OperationId, out var running))
        {
            if (call.IsRepeated)
                return default;
            _calls[call.OperationId] = running = origin.WriteAsync(this.GetPrimaryKeyString(), call);
            _ = RememberAsync(call.OperationId, running);
        }

        return await Waits.EndsAsync(running, EntryLimits.Slice, clock, CancellationToken.None) ? await running : new() { Status = WriterStatus.Running };
    }

    private async Task RememberAsync(Guid id, Task<WriterAnswer> running)
    {
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _ended.Enqueue((id, clock.GetTimestamp()));
    }

    private void Forget()
    {
        while (_ended.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.EndedAt) > Remembered)
            _calls.Remove(_ended.Dequeue().Id);
    }
}
