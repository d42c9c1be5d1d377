using System.Net;

namespace OrleansCache;

/// <summary>What an exception of a factory is to the owner: remembered for explain, told to those who wait elsewhere.</summary>
internal static class FactoryProblem
{
    public static LoadProblem Of(Exception e) => new()
    {
        Kind = e is TimeoutException or OperationCanceledException ? ProblemKind.Timeout : ProblemKind.OriginFailed,
        Detail = e switch
        {
            HttpRequestException { StatusCode: { } status } => $"origin-{(int)status}",
            TimeoutException or OperationCanceledException => "timeout",
            _ => "factory",
        },
        StatusCode = e is HttpRequestException { StatusCode: HttpStatusCode code } ? (int)code : 0,
        Message = $"{e.GetType().Name}: {e.Message}",
    };
}
