using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>Tells a refused start from a fault: what a person can put right is said in lines, without a stack trace.</summary>
internal static class StartRefusal
{
    /// <summary>The lines to show; null when it is a fault of ours.</summary>
    public static IReadOnlyList<string>? Of(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case StartRefusedException refused:
                    return [refused.Message];
                case OptionsValidationException invalid:
                    return [.. invalid.Failures];
                case AggregateException several:
                    var lines = several.InnerExceptions.Select(Of).ToArray();
                    return lines.Any(one => one is null) ? null : [.. lines.SelectMany(one => one!).Distinct()];
                case StoreUnavailableException store:
                    return [store.Message];
                case InvalidDataException broken:
                    return [$"{broken.Message} {broken.InnerException?.InnerException?.Message ?? broken.InnerException?.Message} Put it right and start again."];
                case AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return [$"A port was taken by another process just now: {e.Message} Choose others with --port and --silo-port."];
            }
        }

        return null;
    }
}
