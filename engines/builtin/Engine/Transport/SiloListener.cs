using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCache.Engine;

/// <summary>The silo could not start: the message says why and what to do.</summary>
[BuiltinOnly]
public sealed class EngineStartException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>Takes connections of clients and of other silos.</summary>
internal sealed class SiloListener(SiloRuntime runtime, EngineSiloOptions options)
{
    private readonly ConcurrentDictionary<string, ImmutableArray<Connection>> _clients = new();
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;

    public IPEndPoint? Endpoint => _listener?.EndPoint as IPEndPoint;

    /// <exception cref="EngineStartException">The address cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Endpoint is null)
            return;
        var sockets = new SocketTransportFactory(Microsoft.Extensions.Options.Options.Create(new SocketTransportOptions
        {
            UnsafePreferInlineScheduling = true,
            WaitForDataBeforeAllocatingBuffer = false,
        }), NullLoggerFactory.Instance);
        try
        {
            _listener = await sockets.BindAsync(options.Endpoint, cancellationToken).ConfigureAwait(false);
        }
        catch (AddressInUseException error)
        {
            throw new EngineStartException($"EngineSiloOptions.Endpoint is {options.Endpoint}, which another process uses; stop that one or choose another port.", error);
        }
        catch (Exception error) when (error is System.Net.Sockets.SocketException or IOException)
        {
            throw new EngineStartException($"EngineSiloOptions.Endpoint is {options.Endpoint}, which cannot be listened on: {error.Message}", error);
        }
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>A connection to the process that holds an observer.</summary>
    public Connection? ToClient(string clientId) =>
        _clients.TryGetValue(clientId, out var connections) ? connections.FirstOrDefault(c => c.IsOpen) : null;

    public async Task StopListeningAsync(CancellationToken cancellationToken)
    {
        if (_listener is null)
            return;
        await _listener.UnbindAsync(cancellationToken).ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
    }

    /// <summary>Closes all connections once their answers have left.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        var closing = _clients.Values.SelectMany(connections => connections).Select(connection => connection.CloseAsync("the silo stops."));
        try
        {
            await Task.WhenAll(closing).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync().ConfigureAwait(false) is { } context)
            _ = ServeAsync(context);
    }

    private async Task ServeAsync(ConnectionContext context)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Connection connection;
        try
        {
            connection = await GreetAsync(context).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            var reason = error is OperationCanceledException ? $"it did not introduce itself within {options.HandshakeTimeout}." : error.Message;
            runtime.Log.ConnectionRefused(context.RemoteEndPoint?.ToString() ?? "?", reason);
            await context.DisposeAsync().ConfigureAwait(false);
            return;
        }
        var client = connection.Peer.ClientId ?? "";
        _clients.AddOrUpdate(client, [connection], (_, others) => others.Add(connection));
        await connection.RunAsync().ConfigureAwait(false);
        _clients.AddOrUpdate(client, [], (_, others) => others.Remove(connection));
        _clients.TryRemove(KeyValuePair.Create(client, ImmutableArray<Connection>.Empty));
    }

    private async Task<Connection> GreetAsync(ConnectionContext context)
    {
        using var patience = new CancellationTokenSource(options.HandshakeTimeout, runtime.Time);
        var pipe = options.Tls is null ? context.Transport
            : await DuplexStream.SecureAsync(context.Transport, tls => tls.AuthenticateAsServerAsync(options.Tls, patience.Token)).ConfigureAwait(false);
        Handshake hello;
        try
        {
            hello = await Handshake.ReceiveAsync(pipe.Input, patience.Token).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            await pipe.Output.WriteAsync(Encoding.ASCII.GetBytes("OrleansCache: this is a silo's port of engine 'builtin', which nothing else can use.\n"), patience.Token).ConfigureAwait(false);
            throw;
        }
        var mine = Handshake.Of(runtime);
        var refusal = runtime.IsClosed ? "the silo is stopping." : mine.Mismatch(hello);
        if (refusal is not null)
        {
            await (mine with { Refusal = hello.Mismatch(mine) ?? refusal }).SendAsync(pipe.Output, patience.Token).ConfigureAwait(false);
            throw new InvalidDataException(refusal);
        }
        await mine.SendAsync(pipe.Output, patience.Token).ConfigureAwait(false);
        return new(runtime, context, pipe, hello);
    }
}
