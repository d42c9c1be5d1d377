using System.Net;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: calls go straight to the owner by the view that was learned. A silo that has all keys is reached however the
/// client reached it first.</summary>
internal sealed class LearnedRoutes(LearnedView view) : IGrainRouter
{
    public event Action? Changed
    {
        add => view.Learned += value;
        remove => view.Learned -= value;
    }

    public EndPoint? Locate(GrainId grain) => view.Placement is { IsShared: true } placement && OwnedGrains.Has(grain.Type.ToString())
        ? placement.EndPointOf(RoutingHash.Of(grain.Key.ToString()))
        : null;

    public bool IsGone(EndPoint silo) => view.IsGone(silo);
}
