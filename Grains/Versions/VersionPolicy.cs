using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Where the version of a method's keys comes from: checked, never changed.</summary>
internal sealed record VersionPolicy
{
    public required string Method { get; init; }

    /// <summary>The arguments that it takes.</summary>
    public ImmutableArray<ParameterDescription> Parameters { get; init; } = [];
    public string? Default { get; init; }
    public OnVersionFailure OnFailure { get; init; }
    public TimeSpan SessionFor { get; init; }
    public int MaxSessions { get; init; }
}
