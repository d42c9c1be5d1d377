using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>One part of an integration's roster. One call at a time: a change is durable before the next is looked at.</summary>
[GrainType(OwnedGrains.Roster)]
internal sealed class RosterGrain([PersistentState("roster", "oc")] IPersistentState<RosterState> state) : Grain, IRosterGrain
{
    public ValueTask<ImmutableArray<string>> ListAsync() => new([.. state.State!.Keys]);

    public async ValueTask ChangeAsync(ImmutableArray<string> added, ImmutableArray<string> removed)
    {
        var keys = new HashSet<string>(state.State!.Keys, StringComparer.Ordinal);
        var before = keys.Count;
        keys.ExceptWith(removed);
        keys.UnionWith(added);
        if (keys.Count == before && keys.SetEquals(state.State.Keys))
            return;
        try
        {
            state.State = new() { Keys = [.. keys] };
            await state.WriteStateAsync();
        }
        catch
        {
            DeactivateOnIdle();     // another activation wrote, or nobody knows: the next one reads what is there
            throw;
        }
    }
}

/// <summary>What is stored of a roster's part.</summary>
[GenerateSerializer, Alias("oc.rosterstate.v1")]
internal sealed class RosterState
{
    [Id(0)] public List<string> Keys { get; set; } = [];
}
