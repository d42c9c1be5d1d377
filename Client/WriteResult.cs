namespace OrleansCache;

/// <summary>What became of a write. <c>default</c> is not accepted.</summary>
/// <param name="Accepted">True when the value stands; false when the condition did not hold.</param>
/// <param name="Version">The version after an accepted write; the current one when the condition did not hold; 0 for none.</param>
public readonly record struct WriteResult(bool Accepted, long Version);
