namespace OrleansCache.Tests;

public sealed class OperationRulesTests
{
    private static readonly Guid Operation = Guid.NewGuid();

    [Fact]
    public void Changes_without_a_name_are_never_the_same()
    {
        var state = new EntryState { Content = Content(Guid.Empty) }.With(new()
        {
            Queued = [new() { Version = 2 }],
            Past = new([new(Guid.Empty, 1, Existed: true, At: 1)], ForgottenAt: 0),
        });

        Assert.Equal(default, OperationRules.Find(state, Guid.Empty));
    }

    [Fact]
    public void A_record_that_nobody_named_is_not_remembered()
    {
        var record = new EntryRecord { Kind = RecordKind.Removed, Version = 1 };

        Assert.Empty(OperationRules.Of(record, isContent: false, now: 1).Known);
        Assert.Single(OperationRules.Of(record with { OperationId = Operation }, isContent: false, now: 1).Known);
    }

    [Fact]
    public void A_refresh_that_found_the_same_value_takes_no_place_among_what_is_remembered()
    {
        var content = Content(Operation);

        var same = OperationRules.After(new() { Content = content }, [new() { Content = content with { IsRenewed = true }, OperationId = Guid.NewGuid() }], now: 1);
        var other = OperationRules.After(new() { Content = content }, [new() { Content = Content(Guid.NewGuid()), OperationId = Guid.NewGuid() }], now: 1);

        Assert.Empty(same.Known);
        Assert.Equal(Operation, Assert.Single(other.Known).Id);
    }

    [Fact]
    public void The_youngest_change_that_was_forgotten_counts_whichever_was_forgotten_last()
    {
        var known = Enumerable.Range(1, OperationRules.MaxKnown).Select(static at => new PastOperation(Guid.NewGuid(), at, Existed: true, at));
        var record = new EntryRecord { Kind = RecordKind.Removed, OperationId = Operation, Version = 100 };

        var marked = OperationRules.Of(record with { Past = new([.. known], ForgottenAt: 50) }, isContent: false, now: 100);
        var plain = OperationRules.Of(record with { Past = new([.. known], ForgottenAt: 0) }, isContent: false, now: 100);

        Assert.Equal((50, 1), (marked.ForgottenAt, plain.ForgottenAt));
    }

    private static EntryContent Content(Guid operation) => new() { Value = new() { Version = 1 }, OperationId = operation };
}
