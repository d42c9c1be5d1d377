using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OrleansCache.TestSupport;

namespace OrleansCache.Cluster;

/// <summary>Engine <c>builtin</c>: where a silo sends its own calls.</summary>
public sealed class OwnerRoutesTests
{
    [Fact]
    public async Task A_silos_own_calls_go_to_whom_its_view_gives_the_key_and_what_it_owns_goes_nowhere()
    {
        var silos = await Silos.StartAsync(2);
        var changes = 0;
        await using (silos)
        {
            var (routes, ownership) = (silos.Services.GetRequiredService<IGrainRouter>(), silos.Services.GetRequiredService<LeasedOwnership>());
            await Eventually.TrueAsync(() => ownership.Placement.Members.Length == 2, cancellationToken: TestContext.Current.CancellationToken);
            routes.Changed += () => Interlocked.Increment(ref changes);

            foreach (var key in Enumerable.Range(0, 100).Select(static i => $"r/{i}"))
            {
                var owner = ownership.Placement.OwnerOf(RoutingHash.Of(key))!;
                Assert.Equal(owner.Incarnation == ownership.Incarnation ? null : owner.EndPoint, routes.Locate(GrainId.Create(OwnedGrains.Entry, key)));
                Assert.Null(routes.Locate(GrainId.Create("oc.view", key)));
            }

            Assert.Equal([false, false, true], ownership.Placement.Members.Select(static member => member.EndPoint!).Append(new IPEndPoint(IPAddress.Loopback, 1)).Select(routes.IsGone));
        }

        Assert.NotEqual(0, changes);
    }
}
