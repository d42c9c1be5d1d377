namespace OrleansCache;

/// <summary>What a read does when nobody can say which version the origin has.</summary>
public enum OnVersionFailure
{
    /// <summary>It fails as the question did.</summary>
    Fail = 0,

    /// <summary>It serves what is there, as stale, and loads if nothing is.</summary>
    Serve = 1,

    /// <summary>It loads: what is there counts as changed.</summary>
    Recompute = 2,
}
