using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class ConfigurationLog
{
    [LoggerMessage(1201, LogLevel.Error, "A changed configuration is not taken, the old one stays: {Error}")]
    public static partial void ReloadRefused(this ILogger logger, string error);

    [LoggerMessage(1202, LogLevel.Information, "A changed configuration holds from now on: {Integrations} integrations, {Regions} regions.")]
    public static partial void Reloaded(this ILogger logger, int integrations, int regions);

    [LoggerMessage(1203, LogLevel.Warning, "{Path} was changed; it needs a restart, and the value from the start holds until then.")]
    public static partial void NeedsRestart(this ILogger logger, string path);
}
