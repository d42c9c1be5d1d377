using System.Diagnostics.CodeAnalysis;
using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime.GrainDirectory;

namespace OrleansCache;

/// <summary>Engine <c>orleans</c>: a directory of our grains that says where each of them has to be. It keeps nothing, however many there are.</summary>
/// <remarks>Orleans asks its cache before each message, and the directory only for what that does not know.</remarks>
internal abstract class PlacedDirectory : IGrainDirectory, IGrainDirectoryCache, IGrainDirectoryResolver
{
    public IEnumerable<(GrainAddress ActivationAddress, int Version)> KeyValues => [];

    /// <summary>Ours alone: who hosts a silo may have grains of his own.</summary>
    public bool TryResolveGrainDirectory(GrainType grainType, GrainProperties? properties, [NotNullWhen(true)] out IGrainDirectory? grainDirectory)
    {
        var isOurs = properties?.Properties.GetValueOrDefault(WellKnownGrainTypeProperties.FullTypeName)?.StartsWith($"{nameof(OrleansCache)}.", StringComparison.Ordinal);
        grainDirectory = isOurs is true ? this : null;
        return grainDirectory is not null;
    }

    public abstract bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version);

    public abstract Task<GrainAddress?> Lookup(GrainId grainId);

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;

    public void AddOrUpdate(GrainAddress value, int version)
    {
        // What is not said here is not so.
    }

    public bool Remove(GrainId key) => false;

    public bool Remove(GrainAddress key) => false;

    public void Clear()
    {
        // Nothing is kept.
    }
}

/// <summary>Engine <c>orleans</c>: where all grains of a silo without others are. Orleans' own directory would remember a million that are gone.</summary>
internal sealed class LoneDirectory(ILocalSiloDetails local, IClusterMembershipService membership) : PlacedDirectory
{
    public override bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version)
    {
        result = new() { GrainId = key, SiloAddress = local.SiloAddress, MembershipVersion = membership.CurrentSnapshot.Version };
        version = 0;
        return true;
    }

    public override Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult(LookUp(grainId, out var here, out _) ? here : null);
}
