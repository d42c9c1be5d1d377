using System.Globalization;

namespace OrleansCache;

/// <summary>A limiter's state as a line for people.</summary>
internal static class LimiterText
{
    public static string Of(RateLimiterDescription limiter)
    {
        var text = limiter.Windows.Length == 0 ? "unlimited" : limiter.Windows;
        if (limiter.ForegroundWaiting + limiter.BackgroundWaiting > 0)
            text += string.Create(CultureInfo.InvariantCulture, $"; {limiter.ForegroundWaiting} callers and {limiter.BackgroundWaiting} refreshes wait");
        if (limiter.PausedMilliseconds > 0)
            text += string.Create(CultureInfo.InvariantCulture, $"; paused for {limiter.PausedMilliseconds / 1000d:0.#} s");
        return text;
    }
}
