namespace OrleansCache.Engine;

/// <summary>A grain class in one silo: its activations, and how to make a grain.</summary>
internal sealed class GrainClass
{
    private readonly ConcurrentDictionary<string, Activation> _activations = new();
    private readonly ObjectFactory _factory;
    private readonly Func<Activation, IStorage>[] _states;

    public GrainClass(SiloRuntime runtime, GrainClassInfo info)
    {
        (Runtime, Info, Type) = (runtime, info, GrainType.Create(info.Name));
        var constructors = info.Type.GetConstructors(BindingFlags.Public | BindingFlags.Instance);
        var facets = constructors.Length == 1
            ? constructors[0].GetParameters().Where(p => p.GetCustomAttribute<PersistentStateAttribute>() is not null).ToArray() : [];
        _states = [.. facets.Select(State)];
        _factory = ActivatorUtilities.CreateFactory(info.Type, [.. facets.Select(f => f.ParameterType)]);
    }

    public SiloRuntime Runtime { get; }

    public GrainClassInfo Info { get; }

    public GrainType Type { get; }

    public IEnumerable<Activation> Activations => _activations.Select(known => known.Value);

    /// <summary>An interface that leads to this class and is the wanted one, or derived from it.</summary>
    public InterfaceInfo InterfaceAs(Type wanted) =>
        Info.Interfaces.Where(wanted.IsAssignableFrom).Select(InterfaceInfo.Of).FirstOrDefault(i => Runtime.Leads(i, this)) ?? InterfaceInfo.Of(wanted);

    /// <summary>Gives a turn to the activation of that key, making one if there is none.</summary>
    public void Dispatch(string key, Turn turn, bool inline)
    {
        while (true)
        {
            if (!_activations.TryGetValue(key, out var activation))
            {
                if (Runtime.IsClosed)
                {
                    turn.Refuse(new SiloUnavailableException($"Silo {Runtime.Name} is stopping."));
                    return;
                }
                var made = new Activation(this, key);
                activation = _activations.GetOrAdd(key, made);
                if (activation == made)
                    Runtime.Count(Info, 1);
            }
            if (activation.Submit(turn, inline))
            {
                if (turn is GrainRequest request)
                    request.Callee = activation;
                return;
            }
        }
    }

    public Activation? Find(string key) => _activations.GetValueOrDefault(key);

    public void Remove(Activation activation)
    {
        if (_activations.TryRemove(KeyValuePair.Create(activation.Key, activation)))
            Runtime.Count(Info, -1);
    }

    /// <summary>Makes the grain, in a turn of its activation.</summary>
    public (object Grain, IStorage[] States) Create(Activation activation)
    {
        var states = _states.Length == 0 ? [] : Array.ConvertAll(_states, make => make(activation));
        return (_factory(Runtime.ServiceProvider, states), states);
    }

    private Func<Activation, IStorage> State(ParameterInfo parameter)
    {
        var facet = parameter.GetCustomAttribute<PersistentStateAttribute>()!;
        if (!parameter.ParameterType.IsGenericType || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new InvalidOperationException($"{Info.Type}: parameter {parameter.Name} has [PersistentState] and must be an IPersistentState<T>.");
        var make = typeof(GrainClass).GetMethod(nameof(MakeState), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(parameter.ParameterType.GenericTypeArguments).CreateDelegate<Func<Activation, PersistentStateAttribute, IStorage>>();
        return activation => make(activation, facet);
    }

    private static PersistentState<T> MakeState<T>(Activation activation, PersistentStateAttribute facet)
    {
        var name = facet.StorageName ?? "Default";
        var storage = activation.Runtime.ServiceProvider.GetKeyedService<IGrainStorage>(name) ?? throw new InvalidOperationException(
            $"{activation.Type.Info.Type}: no IGrainStorage is registered under the key '{name}'. Add one, for example services.AddEngineMemoryStorage(\"{name}\").");
        return new(activation, facet.StateName, storage);
    }
}
