namespace OrleansCache;

/// <summary>News of the key, for those who watch it: what a read would give, as soon as it is another.</summary>
internal sealed partial class Entry
{
    /// <summary>Answers when a read would give another version than the watcher knows, or at the end of the slice.</summary>
    public async ValueTask<WatchReply> WatchAsync(WatchRequest request)
    {
        var slice = Slice.Of(_services.Time, request.WaitMilliseconds);
        while (true)
        {
            if (await NotReadyAsync(LoadMode.None, slice, CancellationToken.None) is { } refusal)
            {
                if (refusal.Status == ReadStatus.NotOwner || _isDisowned || _isGone || slice.IsOver)
                    return Watched(refusal.Status == ReadStatus.NotOwner ? WatchStatus.NotOwner : WatchStatus.AskAgain);
                await slice.PauseAsync(EntryLimits.Look, _services.Time);       // what cannot be told is not asked for again at once
                continue;
            }

            var version = ReadRules.Judge(_state, Now, TagsGood) == Freshness.Absent || _state.Content is { Value.IsAbsent: true } ? 0 : _state.Content!.Version;
            if (version != request.Known)
                return Watched(WatchStatus.News) with { Version = version };
            if (slice.IsOver)
                return Watched(WatchStatus.AskAgain);

            // A raised tag and the end of a lifetime come without a step of this entry.
            var tasks = Tasks;
            tasks.Waiters++;
            try
            {
                await Waits.EndsAsync(tasks.Stepped, slice.AtMost(EntryLimits.Look), _services.Time, CancellationToken.None);
            }
            finally
            {
                tasks.Waiters--;
            }
        }
    }

    private WatchReply Watched(WatchStatus status) => new()
    {
        Status = status == WatchStatus.NotOwner && IsReplacedHere ? WatchStatus.AskAgain : status,
        View = _services.Ownership.View,
    };
}
