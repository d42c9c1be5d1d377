namespace OrleansCache;

/// <summary>The last two values of the key, where the region keeps them.</summary>
internal sealed partial class Entry
{
    private EntryValue? _shown;
    private EntryValue? _previous;

    /// <summary>What changed between them.</summary>
    public async ValueTask<ValueDifference> DifferenceAsync()
    {
        if (await OwnsAsync(EntryLimits.StorePatience, CancellationToken.None) && _state is { Content: null, Stored: StoreKnowledge.Unread })
            await ReadStoreAsync(EntryLimits.StorePatience, CancellationToken.None);
        var reply = new ValueDifference { To = _shown?.Version ?? _state.Content?.Version ?? 0, View = _services.Ownership.View, IsRefusal = _isDisowned };
        if (!_policy.KeepPrevious)
            return reply with { Unknown = "Values before the last one are not kept here; set KeepPrevious of the region or the method to true." };
        if (_previous is not { } old || _shown is not { } now)
            return reply with { Unknown = "The key has had one value at most since its silo took it up." };
        var (changes, hasMore) = await Task.Run(() => JsonDifference.Of(old, now));
        return reply with { From = old.Version, To = now.Version, Changes = changes, HasMore = hasMore };
    }

    /// <summary>What another value took the place of is kept, in memory alone. A refresh that brought an equal one is no other.</summary>
    private void KeepPrevious()
    {
        if (!_policy.KeepPrevious)
        {
            (_shown, _previous) = (null, null);
            return;
        }

        if (_state.Content is not { } content)
            return;
        if (_shown is { } old && old.Version != content.Version)
            _previous = old;
        _shown = content.Value;
    }
}
