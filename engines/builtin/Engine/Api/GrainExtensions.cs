namespace OrleansCache.Engine;

/// <summary>Facts about a grain or a reference to one.</summary>
public static class GrainExtensions
{
    /// <summary>A reference to this grain, to be handed to others; or the same target by another interface.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => grain switch
    {
        GrainProxy and TGrainInterface same => same,
        GrainProxy proxy => (TGrainInterface)(object)proxy.Runtime.Reference(InterfaceInfo.Of(typeof(TGrainInterface)), proxy.Key),
        IGrainBase own => (TGrainInterface)(object)own.Activation().Runtime.Reference(own.Activation().Type.InterfaceAs(typeof(TGrainInterface)), own.Activation().Key),
        _ => throw Neither(grain),
    };

    /// <summary>The target's name in the cluster.</summary>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainProxy proxy => proxy.GrainId,
        IGrainBase own => own.GrainContext.GrainId,
        _ => throw Neither(grain),
    };

    /// <summary>The target's key.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain is GrainProxy proxy ? proxy.Key : grain.GetGrainId().Key.ToString();

    private static ArgumentException Neither(IAddressable? grain) => grain is null ? new ArgumentNullException(nameof(grain))
        : new ArgumentException($"{grain.GetType()} is neither a grain nor a reference.", nameof(grain));
}
