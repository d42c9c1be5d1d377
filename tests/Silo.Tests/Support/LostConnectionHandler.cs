using System.Net.Sockets;

namespace OrleansCache.Silo.Tests;

/// <summary>
/// A connection that its server's death cuts just after it was made shows as a bare <see cref="SocketException"/> (the handler asks the dead socket
/// for its remote address): a lost connection like any other.
/// </summary>
internal sealed class LostConnectionHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException lost)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, lost.Message, lost);
        }
    }
}
