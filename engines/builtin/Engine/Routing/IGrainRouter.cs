namespace OrleansCache.Engine;

/// <summary>Says where a grain lives. Asked at every call that leaves a process or is made in a silo, so it must answer from memory.
/// Without one in DI there is one silo, and everything is there.</summary>
[BuiltinOnly]
public interface IGrainRouter
{
    /// <summary>Other answers are given from now on. Raised on any thread.</summary>
    event Action? Changed;

    /// <summary>The silo to ask; null: this silo, or for a client any silo it is connected to.</summary>
    EndPoint? Locate(GrainId grain);

    /// <summary>True of a silo that was in the cluster and is no more: what is under way with it fails.</summary>
    bool IsGone(EndPoint silo);
}
