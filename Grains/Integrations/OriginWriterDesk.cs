namespace OrleansCache;

/// <summary>One integration's writing calls for clients. Not thread-safe: for use in a grain's own turns.</summary>
internal sealed class OriginWriterDesk(string integration, IOriginWriter origin, IOwnership ownership, TimeProvider clock)
{
    private readonly ulong _hash = RoutingHash.Of(integration);
    private readonly WriterCalls _calls = new(clock);

    public async ValueTask<WriterAnswer> WriteAsync(WriterCall call)
    {
        var slice = new Slice(clock, EntryLimits.Slice);
        if (call.IsRepeated)
            _calls.Bar(call.OperationId);
        else if (call.Turn is not null && !_calls.Knows(call.OperationId) && !await ProveAsync(slice))
            return Refusal();
        if (_calls.Find(call.OperationId, call, Begin) is not { } running)
            return ownership.IsPlacedHere(_hash) ? default : Refusal();
        return await Waits.EndsAsync(running, slice.Left, clock, CancellationToken.None) ? await running : new() { Status = WriterStatus.Running };
    }

    private Task<WriterAnswer> Begin(WriterCall call) => origin.WriteAsync(integration, call);

    /// <summary>True when it is this silo that who repeats a call will ask, in the order that <see cref="IOwnership"/> demands.</summary>
    private async ValueTask<bool> ProveAsync(Slice slice)
    {
        if (!await ownership.WaitToOwnAsync(_hash, slice.Left, CancellationToken.None) || !await ownership.WaitForFenceAsync(slice.Left, CancellationToken.None))
            return false;
        var view = ownership.View;
        return ownership.Owns(_hash) && ownership.FenceHolds && ownership.View == view;
    }

    private WriterAnswer Refusal() => new() { Status = WriterStatus.NotOwner, View = ownership.View };
}
