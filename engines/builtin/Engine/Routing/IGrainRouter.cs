namespace OrleansCache.Engine;

/// <summary>Says where a grain lives. Asked at every call that leaves a process or enters a silo, so it must answer from memory.
/// Without one in DI there is one silo, and everything is there.</summary>
[BuiltinOnly]
public interface IGrainRouter
{
    /// <summary>The silo to ask; null: this silo, or for a client any silo it is connected to.</summary>
    IPEndPoint? Locate(GrainId grain);
}
