using Microsoft.Extensions.Logging;

namespace OrleansCache.Engine;

/// <summary>The grains of one silo, and the client that lives in its process.</summary>
internal sealed class SiloRuntime : EngineRuntime
{
    private readonly IGrainRouter _router;
    private readonly bool _routes;
    private GrainClass?[] _byInterface = [];

    public SiloRuntime(IServiceProvider services, TimeProvider time, EngineSiloOptions options, IGrainRouter router, ILogger log)
        : base(services, time, options, log)
    {
        (_router, _routes) = (router, router is not SingleSiloRouter);
        Collector = new(time, options.CollectionAge);
        EngineModules.LoadAll();
        Classes = [.. EngineModules.Classes.Values.Select(info => new GrainClass(this, info))];
        foreach (var type in Classes)
        {
            foreach (var implemented in type.Info.Interfaces)
                Bind(InterfaceInfo.Of(implemented), type);
        }
    }

    public string Name => Limits is EngineSiloOptions { Endpoint: { } endpoint } ? endpoint.ToString() : "in this process";

    public IdleCollector Collector { get; }

    public GrainClass[] Classes { get; }

    /// <summary>No grain is activated any more.</summary>
    public bool IsClosed { get; set; }

    public override GrainId IdOf(InterfaceInfo info, string key) =>
        info.IsObserver ? GrainId.Create("sys.client", key) : GrainId.Create(ClassOf(info).Type, key);

    public override void Send(GrainProxy target, GrainRequest request)
    {
        Isolate(request);
        request.SetContinueInline(false);
        if (target.Interface.IsObserver)
            Observers.Dispatch(target.Key, request);
        else if (Chaos is { } chaos)
            chaos.Deliver(() => Deliver(target.Key, request, chaos));
        else
            ClassOf(target.Interface).Dispatch(target.Key, request, inline: !request.Method.OneWay);
        if (request.Method.OneWay)
            request.EndOneWay();
    }

    public GrainClass ClassOf(InterfaceInfo info) => (uint)info.Index < (uint)_byInterface.Length && _byInterface[info.Index] is { } type ? type
        : throw new ArgumentException($"No grain class of this silo implements {info.Name}; refer to the project that has one.");

    public override void Dispose()
    {
        Collector.Dispose();
        base.Dispose();
    }

    private void Deliver(string key, GrainRequest request, Chaos chaos)
    {
        var type = ClassOf(request.Method.Interface);
        type.Dispatch(key, request, inline: false);
        if (chaos.Deactivates)
            type.Find(key)?.Deactivate(new(DeactivationReasonCode.RuntimeRequested, "Chaos."));
    }

    private void Bind(InterfaceInfo info, GrainClass type)
    {
        if (info.Index >= _byInterface.Length)
            Array.Resize(ref _byInterface, info.Index + 8);
        if (_byInterface[info.Index] is { } other)
            throw new InvalidOperationException($"{type.Info.Type} and {other.Info.Type} both implement {info.Name}; the built-in engine takes one class per grain interface.");
        _byInterface[info.Index] = type;
    }
}
