namespace OrleansCache.Samples.Shop;

/// <summary>A value with what the cache says of it, as the page shows it.</summary>
/// <param name="Outcome"><c>hit</c>, <c>stale</c>, <c>loaded</c>, <c>miss</c> or <c>refused</c>.</param>
/// <param name="Version">0 when the value is not stored.</param>
/// <param name="AgeSeconds">Since the partner was last asked; null without a value.</param>
/// <param name="TookMilliseconds">How long the shop waited.</param>
internal sealed record Shown<T>(T? Value, string Outcome, long Version, double? AgeSeconds, double TookMilliseconds);

internal static class Showing
{
    /// <summary>Runs the read and says how it went; a refusal or a miss is an answer of its own.</summary>
    public static async Task<IResult> AsResult<T>(this ValueTask<CacheResult<T>> reading, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        var result = await reading;
        var age = result.LastRetrieved == default ? (double?)null : Math.Max(0, (clock.GetUtcNow() - result.LastRetrieved).TotalSeconds);
        var shown = new Shown<T>(result.Value, Name(result.Outcome), result.Version, age, clock.GetElapsedTime(started).TotalMilliseconds);
        return result.Outcome switch
        {
            Outcome.Miss => Results.NotFound(shown),
            Outcome.Refused => Results.Json(shown, statusCode: StatusCodes.Status503ServiceUnavailable),
            _ when result.Value is null => Results.NotFound(shown),
            _ => Results.Ok(shown),
        };
    }

    private static string Name(Outcome outcome) => outcome switch
    {
        Outcome.Hit => "hit",
        Outcome.Stale => "stale",
        Outcome.Loaded => "loaded",
        Outcome.Refused => "refused",
        _ => "miss",
    };
}
