namespace OrleansCache;

/// <summary>What becomes of an entry once the origin has a write of it.</summary>
public enum AfterWrite
{
    /// <summary>The origin's answer is its value. An answer without a body, or of 202 (accepted, not done), removes.</summary>
    Store = 0,

    /// <summary>It is removed, and the next read loads.</summary>
    Remove = 1,
}
