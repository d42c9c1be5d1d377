namespace OrleansCache.Engine;

/// <summary>A client in a process of its own.</summary>
internal sealed class ClientRuntime : EngineRuntime, IHostedService
{
    private readonly EngineClientOptions _options;

    private readonly Lock _gate = new();
    private readonly Dictionary<EndPoint, PeerLink[]> _links = [];
    private readonly LinkOptions _linkOptions;
    private Connection[] _open = [];
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _turn;
    private readonly CancellationTokenSource _closing = new();
    private string? _trouble;       // with finding the silos

    public ClientRuntime(IServiceProvider services, IOptions<EngineClientOptions> options) : base(services, options.Value)
    {
        _options = options.Value;
        _linkOptions = new(_options.Tls, _options.ConnectTimeout, _options.ReconnectDelay, _options.MaxReconnectDelay);
        EngineModules.LoadAll();
        Follow([.. _options.Endpoints]);
        if (_options.FindEndpoints is { } find)
            _ = FindAsync(find);
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
        {
            Isolate(request);
            Observers.Dispatch(target.Key, request);
        }
        else if (Pick(target) is { } connection)
        {
            connection.Send(request);
        }
        else
        {
            if (!request.Method.OneWay)
                LocalCalls.Add(request);
            _ = SendLaterAsync(target, request);
        }
    }

    public override void Receive(string key, GrainRequest request) => Observers.Dispatch(key, request);

    public override void Dispose()
    {
        _closing.Cancel();
        Array.ForEach(Links, link => link.Dispose());
        base.Dispose();
    }

    private PeerLink[] Links
    {
        get
        {
            lock (_gate)
                return [.. _links.Values.SelectMany(links => links)];
        }
    }

    private string? TypeOf(InterfaceInfo info) => _open is [var first, ..] ? first.Peer.GrainTypes?.GetValueOrDefault(info.Id) : null;

    /// <summary>An open connection to where the grain lives, or to any silo; null while there is none.</summary>
    private Connection? Pick(GrainProxy target)
    {
        var open = Volatile.Read(ref _open);
        if (Router is not null && !target.Interface.IsObserver && TypeOf(target.Interface) is { } type
            && Router.Locate(GrainId.Create(type, target.Key)) is { } endpoint)
            return ToEndpoint(endpoint);
        for (var tries = open.Length; tries > 0; tries--)
        {
            var connection = open.Length == 1 ? open[0] : open[(uint)Interlocked.Increment(ref _turn) % (uint)open.Length];
            if (connection.IsOpen)
                return connection;
        }
        return null;
    }

    private Connection? ToEndpoint(IPEndPoint endpoint)
    {
        PeerLink[] links;
        lock (_gate)
            links = _links.GetValueOrDefault(endpoint) ?? AddLinks(endpoint);
        return links.Select(link => link.Connection).FirstOrDefault(c => c is not null);
    }

    private PeerLink[] AddLinks(EndPoint endpoint) =>
        _links[endpoint] = [.. Enumerable.Range(0, _options.ConnectionsPerEndpoint).Select(_ => new PeerLink(this, endpoint, _linkOptions, Changed))];

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
            await Task.Delay(_linkOptions.Delay(attempt), Time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Connects to these silos, and gives up others once they are not connected. True when all are.</summary>
    private bool Follow(IReadOnlyCollection<EndPoint> silos)
    {
        lock (_gate)
        {
            if (_closing.IsCancellationRequested)
                return false;
            foreach (var (endpoint, links) in _links.Where(l => !silos.Contains(l.Key) && l.Value.All(link => link.Connection is null)).ToArray())
            {
                _links.Remove(endpoint);
                Array.ForEach(links, link => link.Dispose());
            }
            foreach (var endpoint in silos.Where(s => !_links.ContainsKey(s)))
                AddLinks(endpoint);
            return _links.Count > 0 && _links.Values.All(links => links.All(link => link.Connection is not null));
        }
    }

    private void Changed()
    {
        lock (_gate)
            _open = [.. Links.Select(link => link.Connection).OfType<Connection>()];
        Interlocked.Exchange(ref _change, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private async Task SendLaterAsync(GrainProxy target, GrainRequest request)
    {
        try
        {
            using var patience = new CancellationTokenSource(_options.ConnectTimeout, Time);
            while (true)
            {
                var change = Volatile.Read(ref _change).Task;
                if (Pick(target) is { } connection)
                {
                    if (!request.IsDone || request.Method.OneWay)
                        connection.Send(request);
                    return;
                }
                if ((Links.Length > 0 || _trouble is not null) && Links.All(link => link.HasFailed))
                    throw new SiloUnavailableException($"No silo can be reached: {Troubles()}");    // tries go on in the background
                await change.WaitAsync(patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            request.Fail(new SiloUnavailableException($"No silo could be reached within {_options.ConnectTimeout}: {Troubles()}"));
        }
        catch (Exception error)
        {
            request.Fail(error);
        }
    }

    private string Troubles()
    {
        lock (_gate)
            return _closing.IsCancellationRequested ? "the client is closed." : string.Join(" ", [_trouble, .. _links.Select(l => $"{l.Key}: {l.Value[0].Trouble}")]).Trim();
    }
}
