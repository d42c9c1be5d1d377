namespace OrleansCache.Tests;

public class PermitReserveTests
{
    [Fact]
    public void Nothing_is_given_before_the_store_has_it()
    {
        var reserve = new PermitReserve();

        reserve.BeginWrite(5);

        Assert.False(reserve.TryTake());
        reserve.Written();
        Assert.Equal(5, Take(reserve));
    }

    [Fact]
    public void What_is_given_while_a_record_is_on_its_way_counts_against_it()
    {
        var reserve = new PermitReserve();
        reserve.BeginWrite(5);
        reserve.Written();

        Assert.Equal(10, reserve.BeginWrite(5));
        Assert.True(reserve.TryTake());
        Assert.True(reserve.TryTake());
        reserve.Written();

        Assert.Equal(8, Take(reserve));
    }

    [Fact]
    public void After_a_write_whose_end_is_unknown_only_the_old_records_rest_is_given()
    {
        var reserve = new PermitReserve();
        reserve.BeginWrite(5);
        reserve.Written();

        reserve.BeginWrite(5);
        Assert.True(reserve.TryTake());
        reserve.Failed();

        Assert.Equal(4, reserve.Remaining);
        Assert.Equal(9, reserve.BeginWrite(5));
    }

    [Fact]
    public void There_is_one_record_on_its_way_at_a_time()
    {
        var reserve = new PermitReserve();
        reserve.BeginWrite(5);

        Assert.Throws<InvalidOperationException>(() => reserve.BeginWrite(5));
    }

    private static int Take(PermitReserve reserve)
    {
        var taken = 0;
        while (reserve.TryTake())
            taken++;
        return taken;
    }
}
