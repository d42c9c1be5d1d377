namespace OrleansCache;

/// <summary>How a read was answered. <c>default</c> is a miss.</summary>
public enum Outcome : byte
{
    /// <summary>There is no value, and none was loaded.</summary>
    Miss = 0,

    /// <summary>A fresh value was there.</summary>
    Hit = 1,

    /// <summary>A value past its fresh time was there; a refresh may run behind it.</summary>
    Stale = 2,

    /// <summary>The value was loaded for this call, or by a load that this call joined.</summary>
    Loaded = 3,

    /// <summary>No value could be given: a limit, an open breaker, a failed origin or an unproven owner said no.</summary>
    Refused = 4,
}
