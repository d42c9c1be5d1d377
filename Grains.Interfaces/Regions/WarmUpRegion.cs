namespace OrleansCache;

/// <summary>Where processes load keys of their own when they start, so that the first callers find compiled code. They are in no count of reads.</summary>
internal static class WarmUpRegion
{
    /// <summary>Configuration cannot give it.</summary>
    public const string Integration = "~warm-up";
    public const string Method = "value";
    public const string Name = $"warm:1:{Integration}:{Method}";

    /// <summary>What is loaded there ends after this.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);
}
