using System.Net;
using Microsoft.Extensions.Logging;

namespace OrleansCache;

internal static partial class HostingLog
{
    [LoggerMessage(1601, LogLevel.Information, "Silo {Silo} left the view without a word; Orleans is told that it is gone.")]
    public static partial void GivenUp(this ILogger logger, string silo);

    [LoggerMessage(1603, LogLevel.Warning, "Others look for this silo by its machine's name {Host}, which means {Addresses} here; set OrleansCache:Silo:AdvertisedAddress to an address or name by which they reach it.")]
    public static partial void HardToFind(this ILogger logger, string host, string addresses);

    [LoggerMessage(1607, LogLevel.Warning, "Others look for this silo at {Address}, where each machine finds itself; set OrleansCache:Silo:AdvertisedAddress to an address or name by which they reach it.")]
    public static partial void FoundHereAlone(this ILogger logger, IPAddress address);

    [LoggerMessage(1604, LogLevel.Warning, "Redis lost Orleans' table of silos, or has an older one; it is brought back as version {Version}.")]
    public static partial void TableRestored(this ILogger logger, long version);

    [LoggerMessage(1605, LogLevel.Warning, "Orleans' table of silos could not be looked at; it is tried again.")]
    public static partial void TableNotLookedAt(this ILogger logger, Exception exception);

    [LoggerMessage(1606, LogLevel.Warning, "Values are in memory only, and end with this process: neither ConnectionStrings:{Name} nor OrleansCache:Data is set.")]
    public static partial void MemoryOnly(this ILogger logger, string name);

    [LoggerMessage(1602, LogLevel.Warning, "Silo {Silo} could not be given up; it is tried again.")]
    public static partial void NotGivenUp(this ILogger logger, Exception exception, string silo);
}
