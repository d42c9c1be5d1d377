namespace OrleansCache;

/// <summary>Writes by an integration's method in bytes, for the HTTP gateway and beneath the typed client.</summary>
internal interface IIntegrationWrites
{
    /// <summary>Writes to the origin in the turn of the entry that the method writes, and then to that entry.</summary>
    /// <param name="integration">The integration's name.</param>
    /// <param name="method">The method's name.</param>
    /// <param name="args">The arguments by name.</param>
    /// <param name="body">What is sent; its bytes must not change.</param>
    /// <param name="ct">Ends the wait for the turn. A call that has begun goes on.</param>
    /// <returns>The answer; one with a problem when nothing was written, or nobody knows.</returns>
    /// <exception cref="CacheUnavailableException">As for <see cref="IOrleansCache.WriteThroughAsync"/>.</exception>
    ValueTask<IntegrationWrite> RunAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, WriterBody body, CancellationToken ct = default);
}

/// <summary>What a write sends.</summary>
/// <param name="Bytes">Null for none.</param>
/// <param name="ContentType">The media type of the bytes.</param>
/// <param name="Encoding">Their content encoding; null for none.</param>
/// <param name="Verb">The HTTP method that the caller used; null when it used none.</param>
/// <param name="Caller">Who calls; null for nobody.</param>
internal readonly record struct WriterBody(byte[]? Bytes, string? ContentType = null, string? Encoding = null, string? Verb = null, CallerToken? Caller = null);

/// <summary>What became of a write by an integration's method.</summary>
/// <param name="Answer">The origin's, or why there is none.</param>
/// <param name="Version">Of the entry's new value; 0 when it has none.</param>
internal readonly record struct IntegrationWrite(WriterAnswer Answer, long Version);
