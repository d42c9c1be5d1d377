namespace OrleansCache.Tests;

public sealed class StoreRulesTests
{
    private static readonly RegionPolicy Behind = new() { Region = "plain", Durability = Durability.Behind };

    [Theory]
    [InlineData(StoreKnowledge.Unread, StoreJobKind.Mark)]
    [InlineData(StoreKnowledge.Clean, StoreJobKind.Mark)]
    [InlineData(StoreKnowledge.Dirty, StoreJobKind.Nothing)]
    [InlineData(StoreKnowledge.Nothing, StoreJobKind.Nothing)]
    internal void A_write_behind_marks_a_stored_value_that_a_restart_would_serve_and_one_that_may_be_there(StoreKnowledge stored, StoreJobKind kind) =>
        Assert.Equal(kind, Next(stored, load: 0));

    [Theory]
    [InlineData(StoreKnowledge.Unread, StoreJobKind.Nothing)]
    [InlineData(StoreKnowledge.Clean, StoreJobKind.Value)]
    internal void A_loaded_value_replaces_a_stored_one_and_waits_where_the_store_is_unknown(StoreKnowledge stored, StoreJobKind kind) =>
        Assert.Equal(kind, Next(stored, load: 1));

    private static StoreJobKind Next(StoreKnowledge stored, int load)
    {
        var content = new EntryContent { Value = new() { Bytes = [1], Version = 7 } };
        var state = new EntryState { Stored = stored }.With(new() { Queued = [new() { Content = content, Version = 7, Load = load }] });

        return StoreRules.Next(state, Behind, epoch: 1, flush: false, now: 1).Job!.Kind;
    }
}
