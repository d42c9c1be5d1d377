namespace OrleansCache.Engine;

/// <summary>How a field's bytes are laid out, so that unknown fields can be skipped. Three bits of the field's tag.</summary>
[BuiltinOnly]
public enum WireType : byte
{
    /// <summary>LEB128, at most ten bytes.</summary>
    VarInt = 0,
    /// <summary>A VarInt length and that many bytes.</summary>
    Bytes = 2,
    /// <summary>Fields up to the matching <see cref="EndGroup"/>.</summary>
    Group = 3,
    /// <summary>Ends a group.</summary>
    EndGroup = 4,
    /// <summary>No bytes: null.</summary>
    Null = 6,
}
