namespace OrleansCache.Ownership.Tests;

public class KeyHistoryTests
{
    private static readonly SiloMember Me = new(Guid.NewGuid(), "me", 1, "here");

    [Fact]
    public void Epochs_are_those_of_the_whole_list_of_views()
    {
        var random = new Random(7);
        for (var run = 0; run < 200; run++)
        {
            var placement = Placement.Of(View(10, random));
            var (history, views) = (KeyHistory.Begin(placement, Me.Incarnation), new List<Placement> { placement });
            for (var number = 11; number < 40; number += random.Next(1, 3))
            {
                views.Add(Placement.Of(View(number, random)));
                history = history.Next(views[^1]);
                for (var key = 0UL; key < 50; key++)
                {
                    var hash = RoutingHash.Mix(key + 1);
                    if (!history.IsPlacedHere(hash))
                        continue;
                    var since = views.Count - 1;
                    while (since > 0 && views[since - 1].OwnerOf(hash) == Me)
                        since--;
                    Assert.Equal(views[since].Number, history.EpochOf(hash));
                }
            }
        }
    }

    [Fact]
    public void Forgetting_a_former_member_only_raises_epochs()
    {
        var history = KeyHistory.Begin(Placement.Of(new(1, [Me])), Me.Incarnation);
        for (var number = 2L; number < 1000; number++)
        {
            var other = Me with { Incarnation = Guid.NewGuid(), Name = $"other-{number}" };
            var next = history.Next(Placement.Of(new(number, number % 2 == 0 ? [Me, other] : [Me])));
            for (var key = 0UL; key < 20; key++)
            {
                var hash = RoutingHash.Mix(key + 1);
                if (history.IsPlacedHere(hash) && next.IsPlacedHere(hash))
                    Assert.InRange(next.EpochOf(hash), history.EpochOf(hash), number);
            }
            history = next;
        }
        var epochs = Enumerable.Range(1, 20_000).Select(key => RoutingHash.Mix((ulong)key)).Where(history.IsPlacedHere).Select(history.EpochOf);
        Assert.Equal(999 - (2 * KeyHistory.Capacity), epochs.Min());
    }

    [Fact]
    public void Forgetting_a_former_member_lowers_no_epoch()
    {
        var history = KeyHistory.Begin(Placement.Of(new(1, [Me])), Me.Incarnation);
        for (var number = 2L; number < 2 + (2 * KeyHistory.Capacity); number++)
            history = history.Next(Placement.Of(new(number, number % 2 == 0 ? [Me, Other(number)] : [Me])));
        history = history.Next(Placement.Of(new(900, [Me with { IsLeaving = true }])));
        history = history.Next(Placement.Of(new(901, [Me, Other(901)])));

        history = history.Next(Placement.Of(new(902, [Me])));

        Assert.Equal(901, Enumerable.Range(1, 100).Min(key => history.EpochOf(RoutingHash.Mix((ulong)key))));
    }

    private static SiloMember Other(long number) => Me with { Incarnation = Guid.NewGuid(), Name = $"other-{number}" };

    private static ClusterView View(long number, Random random)
    {
        var others = Enumerable.Range(0, 4).Where(_ => random.Next(2) == 0).Select(i => Me with { Incarnation = Guid.NewGuid(), Name = $"silo-{i}", IsLeaving = random.Next(4) == 0 });
        return new(number, [.. others, Me with { IsLeaving = random.Next(8) == 0 }]);
    }
}
