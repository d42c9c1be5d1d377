using System.Collections.Immutable;
using Orleans.GrainDirectory;
using Orleans.Metadata;

namespace OrleansCache.Silo.Tests;

/// <summary>Where Orleans finds a grain of ours: where the view has it, and nowhere else.</summary>
public sealed class ViewDirectoryTests
{
    private static readonly SiloMember Here = Member(1);
    private static readonly SiloMember There = Member(2);
    private static readonly SiloAddress HereAddress = AddressOf(Here);
    private static readonly SiloAddress ThereAddress = AddressOf(There);
    private static readonly Placement Both = Placement.Of(new(7, [Here, There]));
    private readonly KnownSilos _known = new(HereAddress);

    [Theory]
    [InlineData(OwnedGrains.Entry)]
    [InlineData(OwnedGrains.Limiter)]
    public void Each_key_is_where_the_view_has_it(string type)
    {
        _known.Add(Here).Add(There);
        var directory = Directory(Both);

        foreach (var key in Keys())
            Assert.Equal(Both.OwnerOf(RoutingHash.Of(key)) == Here ? HereAddress : ThereAddress, Found(directory, GrainId.Create(type, key)));
    }

    [Fact]
    public void What_was_registered_elsewhere_is_not_remembered()
    {
        _known.Add(Here).Add(There);
        var directory = Directory(Both);
        var grain = GrainId.Create(OwnedGrains.Entry, Keys().First(key => Both.OwnerOf(RoutingHash.Of(key)) == There));

        directory.AddOrUpdate(new() { GrainId = grain, SiloAddress = HereAddress }, 1);

        Assert.Equal(ThereAddress, Found(directory, grain));
    }

    [Fact]
    public void A_grain_that_is_every_silos_own_is_here()
    {
        _known.Add(Here).Add(There);
        var directory = Directory(Both);

        Assert.All(Keys(), key => Assert.Equal(HereAddress, Found(directory, GrainId.Create("oc.view", key))));
    }

    [Fact]
    public async Task A_silo_that_Orleans_has_not_heard_of_is_asked_for_before_it_is_sent_to()
    {
        _known.Add(Here);
        _known.OnRefresh = () => _known.Add(There);
        var directory = Directory(Both);
        var grain = GrainId.Create(OwnedGrains.Entry, Keys().First(key => Both.OwnerOf(RoutingHash.Of(key)) == There));

        Assert.False(directory.LookUp(grain, out _, out _));
        Assert.Equal(ThereAddress, (await directory.Lookup(grain))?.SiloAddress);
    }

    [Fact]
    public void A_key_of_a_silo_that_Orleans_gave_up_is_refused_here_at_once()
    {
        _known.Add(Here).Add(There, SiloStatus.Dead);
        var directory = Directory(Both);

        Assert.All(Keys(), key => Assert.Equal(HereAddress, Found(directory, GrainId.Create(OwnedGrains.Entry, key))));
    }

    [Fact]
    public void A_silo_that_was_started_again_is_not_taken_for_the_former_one()
    {
        var again = There with { Incarnation = Guid.NewGuid() };
        _known.Add(Here).Add(There).Add(again, generation: 2);
        var placement = Placement.Of(new(8, [Here, again]));
        var grain = GrainId.Create(OwnedGrains.Entry, Keys().First(key => placement.OwnerOf(RoutingHash.Of(key)) == again));

        Assert.Equal(AddressOf(again, 2), Found(Directory(placement), grain));
    }

    [Theory]
    [InlineData("OrleansCache.EntryGrain", true)]
    [InlineData("OrleansCacheUser.Grain", false)]
    [InlineData("Orleans.Dashboard.Implementation.Grains.DashboardGrain", false)]
    [InlineData(null, false)]
    public void Grains_of_others_have_the_directory_that_they_had(string? type, bool isOurs)
    {
        var properties = type is null ? null : new GrainProperties(ImmutableDictionary.Create<string, string>(StringComparer.Ordinal).Add(WellKnownGrainTypeProperties.FullTypeName, type));

        Assert.Equal(isOurs, Directory(Both).TryResolveGrainDirectory(GrainType.Create("any"), properties, out _));
    }

    private static IEnumerable<string> Keys() => Enumerable.Range(0, 50).Select(static number => $"r/key-{number}é");

    private ViewDirectory Directory(Placement placement) => new(new FakeSilo { Placement = placement }, _known, _known, TimeProvider.System);

    private static SiloAddress? Found(ViewDirectory directory, GrainId grain) => directory.LookUp(grain, out var found, out _) ? found.SiloAddress : null;

    private static SiloMember Member(int number) => new(Guid.NewGuid(), $"10.0.0.{number}:11111", number, "host");

    private static SiloAddress AddressOf(SiloMember member, int generation = 1) => KnownSilos.AddressOf(member, generation);
}
