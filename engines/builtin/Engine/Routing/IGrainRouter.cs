using System.Net;

namespace OrleansCache.Engine;

/// <summary>Says where a grain lives. Asked at every call that leaves a process or enters a silo, so it must answer from memory.</summary>
[BuiltinOnly]
public interface IGrainRouter
{
    /// <summary>The silo to ask; null: this silo, or for a client any silo it is connected to.</summary>
    IPEndPoint? Locate(GrainId grain);
}

/// <summary>One silo: everything is here.</summary>
internal sealed class SingleSiloRouter : IGrainRouter
{
    public IPEndPoint? Locate(GrainId grain) => null;
}
