namespace OrleansCache.Engine;

/// <summary>A client in a process of its own.</summary>
internal sealed class ClientRuntime : EngineRuntime, IHostedService
{
    private readonly EngineClientOptions _options;
    private readonly SiloLinks _links;
    private Connection[] _open = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _turn;
    private readonly CancellationTokenSource _closing = new();
    private string? _trouble;       // with finding the silos

    public ClientRuntime(IServiceProvider services, IOptions<EngineClientOptions> options) : base(services, options.Value)
    {
        _options = options.Value;
        _links = new(this, new(_options.Tls, _options.ConnectTimeout, _options.ReconnectDelay, _options.MaxReconnectDelay, _options.ConnectionsPerEndpoint), Changed);
        Router?.Changed += _links.Reroute;
        EngineModules.LoadAll();
        Follow([.. _options.Endpoints]);
        _ = FindAsync(_options.FindEndpoints ?? (_ => Task.FromResult<IReadOnlyCollection<EndPoint>>([.. _options.Endpoints])));
    }

    internal override bool CallersMayBlock => !_options.ContinueInline;

    /// <summary>The host makes a client at its start, so that the first call need not wait; disposal closes the connections.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <exception cref="InvalidOperationException">No silo has said yet which class implements the interface.</exception>
    public override GrainId IdOf(InterfaceInfo info, string key) => info.IsObserver ? GrainId.Create("sys.client", key)
        : TypeOf(info) is { } type ? GrainId.Create(type, key)
        : throw new InvalidOperationException($"No silo has said yet which grain class implements {info.Name}; make a call first.");

    public override void Send(GrainProxy target, GrainRequest request)
    {
        if (target.Interface.IsObserver && Observers.IsHere(target.Key))
            Observers.Dispatch(target.Key, Isolate(request));
        else if (Router is not null && !target.Interface.IsObserver && TypeOf(target.Interface) is { } type && Router.Locate(GrainId.Create(type, target.Key)) is { } silo)
            _links.Send(silo, request);
        else if (Pick() is { } connection)
            connection.Send(request);
        else
            _ = SendLaterAsync(request, ConnectionAsync());
    }

    public override void Receive(string key, GrainRequest request) => Observers.Dispatch(key, request);

    public override void Dispose()
    {
        _closing.Cancel();
        _links.Dispose();
        base.Dispose();
    }

    private string? TypeOf(InterfaceInfo info) => _open is [var first, ..] ? first.Peer.GrainTypes?.GetValueOrDefault(info.Id) : null;

    /// <summary>An open connection to any silo; null while there is none.</summary>
    private Connection? Pick()
    {
        var open = Volatile.Read(ref _open);
        for (var tries = open.Length; tries > 0; tries--)
        {
            var connection = open.Length == 1 ? open[0] : open[(uint)Interlocked.Increment(ref _turn) % (uint)open.Length];
            if (connection.IsOpen)
                return connection;
        }
        return null;
    }

    private async Task FindAsync(Func<CancellationToken, Task<IReadOnlyCollection<EndPoint>>> find)
    {
        for (var attempt = 0; !_closing.IsCancellationRequested; attempt++)
        {
            var change = Volatile.Read(ref _change).Task;
            try
            {
                var found = await find(_closing.Token).ConfigureAwait(false);
                _trouble = null;
                if (Follow(found))
                {
                    attempt = -1;
                    await change.WaitAsync(_closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }
            }
            catch (Exception error)
            {
                if (_trouble != error.Message && !_closing.IsCancellationRequested)
                    Log.SilosNotFound(_trouble = error.Message);
                Changed();
            }
            await Task.Delay(_links.Options.Delay(attempt), Time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Connects to these silos, and gives up others that could not be reached. True when all are connected.</summary>
    private bool Follow(IReadOnlyCollection<EndPoint> silos)
    {
        foreach (var (silo, _) in _links.BySilo.Where(l => !silos.Contains(l.Key) && l.Value.All(link => link.HasFailed)))
            _links.Drop(silo);
        foreach (var silo in silos)
            _links.Connect(silo);
        return _links.All.Any() && _links.All.All(link => link.Connection is not null);
    }

    private void Changed()
    {
        lock (_closing)
            _open = [.. _links.All.Select(link => link.Connection).OfType<Connection>()];
        Interlocked.Exchange(ref _change, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private async Task<Connection> ConnectionAsync()
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, Time);
        while (!patience.IsCancellationRequested)
        {
            var change = Volatile.Read(ref _change).Task;
            if (Pick() is { } connection)
                return connection;
            if ((_links.All.Any() || _trouble is not null || _closing.IsCancellationRequested) && _links.All.All(link => link.HasFailed))
                throw new SiloUnavailableException($"No silo can be reached: {Troubles()}");    // tries go on in the background
            await change.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        throw new SiloUnavailableException($"No silo could be reached within {_options.ConnectTimeout}: {Troubles()}");
    }

    private string Troubles() => _closing.IsCancellationRequested ? "the client is closed."
        : string.Join(" ", [_trouble, .. _links.BySilo.Select(l => $"{l.Key}: {l.Value[0].Trouble}")]).Trim();
}
