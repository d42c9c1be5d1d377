namespace OrleansCache;

// Delete this file together with the arrival of Hosting's EngineHosting (builtin) and AddOrleansCacheSilo: it only lets the solution build.
#if ENGINE_BUILTIN
internal static class EngineHosting
{
    public const string Name = "builtin";
    public static int ClientPort(SiloEndpointOptions endpoint) => endpoint.EffectivePort;
    public static object? MapDashboard(object endpoints) => null;
}
#endif

internal static class PendingComposition
{
    public static void AddOrleansCacheSilo(this IHostApplicationBuilder builder, string connectionName) { }
}
