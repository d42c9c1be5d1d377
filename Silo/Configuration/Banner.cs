namespace OrleansCache;

/// <summary>What the program says when it starts: who carries it, where it listens, where values are, and what to try.</summary>
internal static class Banner
{
    public static IEnumerable<string> Of(SiloSettings settings, ReadinessBody silo, SampleOrigin? origin, string? engineWhy)
    {
        yield return $"OrleansCache {typeof(Banner).Assembly.GetName().Version?.ToString(3)}";
        yield return $"  engine   {silo.Engine} ({engineWhy ?? "chosen when it was built; -p:Engine=builtin or orleans"})";
        yield return $"  silo     {silo.Silo}, pid {silo.Pid}, cluster '{settings.Silo.ClusterId}', clients on {settings.Silo.Silo.AdvertisedAddress ?? settings.Silo.Silo.Address}:{EngineHosting.ClientPort(settings.Silo.Silo)}";
        yield return $"  http     {settings.Url} ({(settings.Http.IsLoopback ? "this machine only" : "anybody who reaches it: AllowAnonymous")})";
        yield return $"  store    {silo.Store}{(settings.Redis is { } redis ? $" at {Host(redis)}" : silo.Store == "memory" ? "" : $" in {settings.Data}")}";
        if (origin is not null)
            yield return $"  origin   http://127.0.0.1:{origin.Port} (sample, pid {origin.Pid})";
    }

    public static IEnumerable<string> Hints(SiloSettings settings, bool hasOrigin)
    {
        yield return "";
        yield return "Try:";
        if (hasOrigin)
        {
            yield return $"  curl -i '{settings.Url}/partner/country?code=NL'    # 300 ms; again: under one";
            yield return $"  curl -s '{settings.Url}/api/v1/entries/shop:1.0:partner:country/code%3DNL/explain'";
        }
        else
        {
            yield return $"  curl -i -X PUT -H 'Content-Type: text/plain' -H 'Cache-Control: max-age=60' --data hello '{settings.Url}/api/v1/entries/greetings/en'";
            yield return $"  curl -i '{settings.Url}/api/v1/entries/greetings/en'";
        }

        yield return $"  {settings.Url}/dashboard in a browser";
    }

    /// <summary>The endpoint alone: what follows a comma may be a password.</summary>
    private static string Host(string redis) => string.Join(',', redis.Split(',').TakeWhile(part => !part.Contains('=', StringComparison.Ordinal)));
}
