using System.Net;

namespace OrleansCache;

/// <summary>Engine <c>builtin</c>: this silo's own calls go to whom its view gives the key.</summary>
internal sealed class OwnerRoutes(LeasedOwnership ownership) : IGrainRouter
{
    public event Action? Changed
    {
        add => ownership.Changed += value;
        remove => ownership.Changed -= value;
    }

    public EndPoint? Locate(GrainId grain) => OwnedGrains.Has(grain.Type.ToString())
        ? ownership.Placement.EndPointOf(RoutingHash.Of(grain.Key.ToString()), except: ownership.Incarnation)
        : null;

    public bool IsGone(EndPoint silo) => !ownership.Placement.Has(silo);
}
