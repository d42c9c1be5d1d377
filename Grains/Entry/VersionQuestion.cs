using System.Text;

namespace OrleansCache;

/// <summary>A question for the origin's version, and those who were told to ask again meanwhile.</summary>
internal sealed class VersionQuestion
{
    private const int MaxTextBytes = 128;
    private HashSet<Guid>? _waiting;

    public required Task<VersionAnswer> Done { get; init; }

    public IEnumerable<Guid> Waiting => _waiting ?? [];

    /// <summary>The answer waits for this read.</summary>
    public void Remember(Guid operation)
    {
        if (_waiting is null || _waiting.Count < EntryLimits.MaxWaiters)
            (_waiting ??= []).Add(operation);
    }

    /// <summary>What the method's answer says.</summary>
    public static VersionAnswer Of(LoadResult result, VersionPolicy policy) => result.Outcome switch
    {
        LoadOutcome.Value => new(OriginVersion.Of(TextOf(result.Bytes), policy.Default), null),
        LoadOutcome.Absent => new(OriginVersion.Of(null, policy.Default), null),
        _ => new(OriginVersion.Unknown(), result.Problem ?? new() { Kind = ProblemKind.OriginFailed, Detail = "no-version" }),
    };

    // Bytes that are no text are compared all the same.
    private static string TextOf(byte[] bytes)
    {
        try
        {
            if (bytes.Length <= MaxTextBytes)
                return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            // By its digest.
        }

        return OriginVersion.Of(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), null);
    }
}

/// <summary>The origin's version, or one that nobody has and why.</summary>
internal sealed record VersionAnswer(string Version, LoadProblem? Problem);
