namespace OrleansCache;

/// <summary>The one connection of this process.</summary>
/// <param name="Name">Of the connection string.</param>
/// <param name="NamesRedis">Whether that names the Redis that knows the silos, rather than silos; as known when it was added.</param>
internal sealed record ClientConnection(string Name, bool NamesRedis);
