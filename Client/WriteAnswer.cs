namespace OrleansCache;

/// <summary>What an origin answered to a write that it has.</summary>
/// <typeparam name="T">The answer's type.</typeparam>
/// <param name="Value">The answer; the type's default when it has no body.</param>
/// <param name="Version">The version of the entry's new value; 0 when it has none, so that the next read loads.</param>
/// <param name="StatusCode">The origin's status code, 200 to 299; 0 from an integration in code that gave none.</param>
/// <param name="Location">Where what was made is to be found, as the origin says it; null when it does not.</param>
public readonly record struct WriteAnswer<T>(T? Value, long Version, int StatusCode, string? Location);
