using System.Net;
using Polly.Timeout;

namespace OrleansCache;

/// <summary>What an exception of a factory is to the owner: remembered for explain, told to those who wait elsewhere.</summary>
internal static class FactoryProblem
{
    public static LoadProblem Of(Exception e) => e is IntegrationException { Problem: { Kind: ProblemKind.Limited } limited } ? limited : new()
    {
        Kind = IsTimeout(e) ? ProblemKind.Timeout : ProblemKind.OriginFailed,
        Detail = e switch
        {
            HttpRequestException { StatusCode: { } status } => $"origin-{(int)status}",
            _ when IsTimeout(e) => "timeout",
            _ => "factory",
        },
        StatusCode = e is HttpRequestException { StatusCode: HttpStatusCode code } ? (int)code : 0,
        Message = $"{e.GetType().Name}: {e.Message}",
    };

    private static bool IsTimeout(Exception e) => e is TimeoutException or OperationCanceledException or TimeoutRejectedException;
}
