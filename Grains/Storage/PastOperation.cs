using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>A change that was accepted, so that its repetition changes nothing more.</summary>
/// <param name="Id">The operation's.</param>
/// <param name="Version">What it made.</param>
/// <param name="Existed">A value was there before.</param>
/// <param name="At">When it was accepted, in microseconds of cluster time.</param>
internal readonly record struct PastOperation(Guid Id, long Version, bool Existed, long At);

/// <summary>The changes before a key's last one. <c>default</c> knows of none, and has forgotten none.</summary>
/// <param name="Known">Oldest first; default for none.</param>
/// <param name="ForgottenAt">When the youngest was accepted that is not known any more though it may be repeated; 0 for never.</param>
internal readonly record struct PastOperations(ImmutableArray<PastOperation> Known, long ForgottenAt)
{
    public bool IsEmpty => Known.IsDefaultOrEmpty && ForgottenAt == 0;

    public ReadOnlySpan<PastOperation> Span => Known.AsSpan();
}
