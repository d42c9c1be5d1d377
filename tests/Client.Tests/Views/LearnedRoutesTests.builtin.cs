namespace OrleansCache.Views;

/// <summary>Engine <c>builtin</c>: where a client sends calls.</summary>
public sealed class LearnedRoutesTests
{
    private static readonly SiloMember[] Members =
        [.. Enumerable.Range(1, 3).Select(i => new SiloMember(Guid.NewGuid(), $"10.0.0.{i}:11111", i, $"host-{i}")), new(Guid.NewGuid(), "0.0.0.0:11112", 4, "host-4")];

    private readonly LearnedView _view = new();

    [Fact]
    public void Entries_and_limiters_are_where_the_view_places_their_keys()
    {
        var routes = new LearnedRoutes(_view);
        _view.Learn(new(1, [.. Members]));

        foreach (var key in Enumerable.Range(0, 100).Select(i => $"r/{i}"))
        {
            var owner = _view.Placement.OwnerOf(RoutingHash.Of(key))!;
            Assert.Equal(owner.EndPoint, routes.Locate(GrainId.Create(OwnedGrains.Entry, key)));
            Assert.Equal(owner.EndPoint, routes.Locate(GrainId.Create(OwnedGrains.Limiter, key)));
            Assert.Null(routes.Locate(GrainId.Create("oc.view", key)));
        }
    }

    [Fact]
    public void Before_a_view_is_known_and_with_one_silo_any_will_do()
    {
        var routes = new LearnedRoutes(_view);
        Assert.Null(routes.Locate(GrainId.Create(OwnedGrains.Entry, "r/k")));

        _view.Learn(new(1, [Members[0], Members[1] with { IsLeaving = true }]));

        Assert.Null(routes.Locate(GrainId.Create(OwnedGrains.Entry, "r/k")));
    }

    [Fact]
    public void To_look_allocates_nothing()
    {
        var routes = new LearnedRoutes(_view);
        _view.Learn(new(1, [.. Members]));
        var grains = Enumerable.Range(0, 100).Select(i => GrainId.Create(OwnedGrains.Entry, $"region/key-{i}")).ToArray();
        foreach (var grain in grains)
            routes.Locate(grain);

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var grain in grains)
            routes.Locate(grain);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
