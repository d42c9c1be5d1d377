namespace OrleansCache.Storage.Tests;

public class WriteRuleTests
{
    private static readonly Guid Mine = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Other = new("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void An_absent_key_is_written() => Assert.Equal(WriteVerdict.Write, WriteRule.Judge(null, new(1, Mine, 1)));

    [Theory]
    [InlineData(5, 10, 5, 11, (int)WriteVerdict.Write)]
    [InlineData(5, 10, 5, 10, (int)WriteVerdict.Write)]
    [InlineData(5, 10, 5, 9, (int)WriteVerdict.RefuseByVersion)]
    [InlineData(5, 10, 6, 9, (int)WriteVerdict.Write)]
    [InlineData(5, 10, 4, 11, (int)WriteVerdict.RefuseByEpoch)]
    public void Epoch_goes_before_version(long storedEpoch, long storedVersion, long epoch, long version, int verdict)
        => Assert.Equal((WriteVerdict)verdict, WriteRule.Judge(new(storedEpoch, Other, storedVersion), new(epoch, Mine, version)));

    [Fact]
    public void A_repeated_operation_counts_as_written() => Assert.Equal(WriteVerdict.Repeated, WriteRule.Judge(new(5, Mine, 10), new(5, Mine, 10)));

    [Fact]
    public void A_repeated_operation_below_a_raised_epoch_is_refused()
        => Assert.Equal(WriteVerdict.RefuseByEpoch, WriteRule.Judge(new(6, Mine, 10), new(5, Mine, 10)));
}
