namespace OrleansCache.Ownership.Tests;

public class PlacementTests
{
    private const int Keys = 10_000;

    [Theory]
    [InlineData("default/key", "10.0.0.2:11111")]
    [InlineData("default/other", "10.0.0.3:11111")]
    [InlineData("shop:1.0:partner:country/code=NL", "10.0.0.1:11111")]
    [InlineData("länder/Zürich", "10.0.0.3:11111")]
    public void A_key_is_placed_where_it_always_was(string key, string owner) =>
        Assert.Equal(owner, Of("10.0.0.1:11111", "10.0.0.2:11111", "10.0.0.3:11111").OwnerOf(RoutingHash.Of(key))!.Name);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Keys_spread_evenly_over_the_members(int members)
    {
        foreach (var silos in (string[][])[Ports(members), Hosts(members)])
        {
            var shares = Owners(Of(silos)).GroupBy(static owner => owner).ToDictionary(static share => share.Key, static share => share.Count());

            Assert.Equal(members, shares.Count);
            Assert.All(shares.Values, share => Assert.InRange(share * members / (double)Keys, 0.9, 1.1));
        }
    }

    [Fact]
    public void A_fourth_member_gets_a_quarter_of_the_keys_and_no_other_key_moves()
    {
        foreach (var silos in (string[][])[Ports(4), Hosts(4)])
        {
            var (before, after) = (Owners(Of(silos[..3])), Owners(Of(silos)));

            var moved = Enumerable.Range(0, Keys).Where(key => before[key] != after[key]).ToArray();

            Assert.All(moved, key => Assert.Equal(silos[3], after[key]));
            Assert.InRange(moved.Length / (double)Keys, 0.20, 0.30);
        }
    }

    [Fact]
    public void A_member_that_leaves_has_no_key_and_only_its_keys_move()
    {
        var all = Of("a", "b", "c");
        var fewer = Placement.Of(all.View with { Members = [.. all.Members.Select(static member => member with { IsLeaving = member.Name == "b" })] });

        var (before, after) = (Owners(all), Owners(fewer));

        Assert.DoesNotContain("b", after);
        Assert.All(Enumerable.Range(0, Keys), key => Assert.True(before[key] == after[key] || before[key] == "b"));
    }

    [Fact]
    public void A_silo_that_is_started_again_at_its_place_has_its_keys_again() => Assert.Equal(Owners(Of("a", "b", "c")), Owners(Of("c", "b", "a")));

    [Fact]
    public void Of_two_members_at_one_place_the_later_has_the_keys()
    {
        var placement = Of("a", "a");

        Assert.All(Enumerable.Range(0, 100), key => Assert.Same(placement.Members[1], placement.OwnerOf((ulong)key)));
    }

    [Fact]
    public void Nobody_has_a_key_where_nobody_is() => Assert.Null(Placement.None.OwnerOf(1));

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        var placement = Of("a", "b", "c");
        _ = placement.OwnerOf(1);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var key = 0UL; key < 1000; key++)
            _ = placement.OwnerOf(key);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string[] Ports(int members) => [.. Enumerable.Range(0, members).Select(i => $"127.0.0.1:{11111 + i}")];

    private static string[] Hosts(int members) => [.. Enumerable.Range(0, members).Select(i => $"10.0.0.{i + 1}:11111")];

    private static string[] Owners(Placement placement) => [.. Enumerable.Range(0, Keys).Select(i => placement.OwnerOf(RoutingHash.Of($"region/key-{i}"))!.Name)];

    private static Placement Of(params string[] names) => Placement.Of(new(1, [.. names.Select(name => new SiloMember(Guid.NewGuid(), name, 1, "here"))]));
}
