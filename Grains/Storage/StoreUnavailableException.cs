namespace OrleansCache;

/// <summary>The store can't be reached.</summary>
internal sealed class StoreUnavailableException(string message, bool maybeApplied, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True when the operation was sent and its end is unknown.</summary>
    public bool MaybeApplied { get; } = maybeApplied;
}
