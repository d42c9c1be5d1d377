namespace OrleansCache;

/// <summary>What a cold miss does when no permit is free.</summary>
public enum OnMiss
{
    /// <summary>Waits for one, up to <c>MaxWait</c>.</summary>
    Wait = 0,

    /// <summary>Calls the origin without one.</summary>
    Bypass = 1,

    /// <summary>Refuses at once and says when to come back.</summary>
    Refuse = 2,
}
