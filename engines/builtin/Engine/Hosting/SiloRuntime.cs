namespace OrleansCache.Engine;

/// <summary>The grains of one silo, and the client that lives in its process.</summary>
internal sealed class SiloRuntime : EngineRuntime
{
    private static readonly TimeSpan SiloPatience = TimeSpan.FromSeconds(2);
    private readonly SiloLinks _silos;
    private readonly HashSet<InterfaceInfo> _ambiguous = [];
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrainClass?[] _byInterface = [];
    private int _activations;

    public SiloRuntime(IServiceProvider services, IOptions<EngineSiloOptions> options) : base(services, options.Value)
    {
        Listener = new(this, options.Value);
        _silos = new(this, new(options.Value.TlsToSilos, SiloPatience, SiloPatience / 40, SiloPatience / 4), static () => { });
        Router?.Changed += _silos.Reroute;
        EngineModules.LoadAll();
        Classes = [.. EngineModules.Classes.Values.Select(info => new GrainClass(this, info))];
        foreach (var type in Classes)
            Array.ForEach(type.Info.Interfaces, implemented => Bind(InterfaceInfo.Of(implemented), type));
        Collector = new(this, options.Value.CollectionAge);
    }

    public string Name => Listener.Endpoint?.ToString() ?? "in this process";

    public SiloListener Listener { get; }

    public IdleCollector Collector { get; }

    public GrainClass[] Classes { get; }

    public override Dictionary<ulong, string> GrainTypes => field ??= Classes
        .SelectMany(type => type.Info.Interfaces, (type, i) => KeyValuePair.Create(InterfaceInfo.Of(i).Id, type.Info.Name)).Where(p => InterfaceInfo.Find(p.Key) is { } i && !_ambiguous.Contains(i) && ClassOf(i).Info.Name == p.Value).ToDictionary();

    /// <summary>No grain is activated any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The activations at this moment, as far as each lives when it is come to.</summary>
    public IEnumerable<Activation> Activations => Classes.SelectMany(type => type.Activations);

    public int ActivationCount => Volatile.Read(ref _activations);

    public override GrainId IdOf(InterfaceInfo info, string key) =>
        info.IsObserver ? GrainId.Create("sys.client", key) : GrainId.Create(ClassOf(info).Type, key);

    public override void Send(GrainProxy target, GrainRequest request)
    {
        if (target.Interface.IsObserver && !Observers.IsHere(target.Key))
            (Listener.ToClient(ObserverTable.ClientOf(target.Key)) ?? throw new ClientNotAvailableException($"The client of {target.Key} is not connected to this silo.")).Send(request);
        else if (Router is not null && !target.Interface.IsObserver && Router.Locate(target.GrainId) is { } silo)
            _silos.Send(silo, request);
        else
            Deliver(target.Key, Isolate(request), inline: !request.Method.OneWay);
    }

    public override void Receive(string key, GrainRequest request) => Deliver(key, request, inline: true);

    public GrainClass ClassOf(InterfaceInfo info) => (uint)info.Index < (uint)_byInterface.Length && _byInterface[info.Index] is { } type && !_ambiguous.Contains(info) ? type
        : throw new ArgumentException($"{(_ambiguous.Contains(info) ? "Several grain classes of this silo implement" : "No grain class of this silo implements")} {info.Name}; it takes exactly one, or one named like the interface.");

    public void Count(GrainClassInfo type, int change)
    {
        Metrics.Activations(type.Name, change);
        if (Interlocked.Add(ref _activations, change) == 0 && IsClosed)
            _empty.TrySetResult();
    }

    /// <summary>Deactivates all grains; ends when none is left.</summary>
    public Task CloseAsync(DeactivationReason reason)
    {
        IsClosed = true;
        foreach (var activation in Activations)
            activation.Deactivate(reason);
        return ActivationCount == 0 ? Task.CompletedTask : _empty.Task;
    }

    /// <summary>True when calls by the interface go to the class.</summary>
    public bool Leads(InterfaceInfo info, GrainClass type) => _byInterface[info.Index] == type && !_ambiguous.Contains(info);

    public override void Dispose()
    {
        Collector.Dispose();
        Listener.Dispose();
        _silos.Dispose();
        base.Dispose();
    }

    private void Deliver(string key, GrainRequest request, bool inline)
    {
        if (request.Method.Interface.IsObserver)
            Observers.Dispatch(key, request);
        else if (Chaos is { } chaos)
            chaos.Deliver(() => DeliverInChaos(key, request, chaos));
        else
            ClassOf(request.Method.Interface).Dispatch(key, request, inline);
    }

    private void DeliverInChaos(string key, GrainRequest request, Chaos chaos)
    {
        try
        {
            var type = ClassOf(request.Method.Interface);
            type.Dispatch(key, request, inline: false);
            if (chaos.Deactivates)
                type.Find(key)?.Deactivate(new(DeactivationReasonCode.RuntimeRequested, "Chaos."));
        }
        catch (Exception error)
        {
            request.Refuse(error);
        }
    }

    private void Bind(InterfaceInfo info, GrainClass type)
    {
        if (info.Index >= _byInterface.Length)
            Array.Resize(ref _byInterface, info.Index + 8);
        if (_byInterface[info.Index] is { } other)
        {
            // Several implement it: as on Orleans, the one named like the interface is meant, and without such a one none.
            if (info.Type.Name == "I" + other.Info.Type.Name)
                return;
            if (info.Type.Name != "I" + type.Info.Type.Name)
                _ambiguous.Add(info);
        }
        _byInterface[info.Index] = type;
    }
}
