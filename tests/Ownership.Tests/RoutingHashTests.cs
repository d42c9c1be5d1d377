namespace OrleansCache.Ownership.Tests;

public class RoutingHashTests
{
    [Theory]
    [InlineData("", 17280346270528514342UL)]
    [InlineData("a", 9413272369427828315UL)]
    [InlineData("default/key", 17927485551570328526UL)]
    [InlineData("shop:1.0:partner:country/code=NL", 10718874984308652568UL)]
    [InlineData("länder/Zürich", 8553243914490069037UL)]
    [InlineData("😀", 15747311743774684038UL)]
    public void The_hash_of_a_key_is_the_same_for_ever(string key, ulong hash) => Assert.Equal(hash, RoutingHash.Of(key));

    [Fact]
    public void A_text_hashes_as_its_UTF_8_whatever_its_length()
    {
        foreach (var length in (int[])[0, 1, 100, 170, 171, 172, 5000])
        {
            var text = new string('é', length);
            Assert.Equal(RoutingHash.Of(System.Text.Encoding.UTF8.GetBytes(text)), RoutingHash.Of(text));
        }
    }

    [Fact]
    public void A_million_neighbouring_keys_spread_evenly()
    {
        var buckets = new int[1024];
        for (var i = 0; i < 1_000_000; i++)
            buckets[RoutingHash.Of($"region/key-{i}") >> 54]++;

        Assert.InRange(buckets.Min(), 800, 977);
        Assert.InRange(buckets.Max(), 977, 1160);
    }
}
