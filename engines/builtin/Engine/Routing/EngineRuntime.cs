namespace OrleansCache.Engine;

/// <summary>Where a call went out, so that it can be told of a cancellation.</summary>
internal interface ICallee
{
    void CancelCall(GrainRequest request);
}

/// <summary>What a silo and a client share: references, calls that wait, observers.</summary>
internal abstract class EngineRuntime : IClusterClient, IDisposable
{
    private const string Name = "OrleansCache.Engine";
    private readonly PendingCalls[] _local;

    private protected EngineRuntime(IServiceProvider services, EngineOptions options)
    {
        (ServiceProvider, Limits, Router) = (services, options, services.GetService<IGrainRouter>());
        Time = services.GetKeyedService<TimeProvider>(Name) ?? services.GetService<TimeProvider>() ?? TimeProvider.System;
        Log = services.GetRequiredService<ILoggerFactory>().CreateLogger(Name);
        Chaos = options.Chaos is { } chaos ? new(chaos, Time) : null;
        Clock = new(Time, options.ResponseTimeout);
        _local = [.. Enumerable.Range(0, 8).Select(_ => new PendingCalls(Clock))];
        Observers = new(this);
        Metrics = new(services);
    }

    public IServiceProvider ServiceProvider { get; }

    public TimeProvider Time { get; }

    public EngineOptions Limits { get; }

    public IGrainRouter? Router { get; }

    /// <summary>True when code that goes on with an answer, on the thread that read it, may block that thread.</summary>
    internal virtual bool CallersMayBlock => false;

    public ILogger Log { get; }

    public Chaos? Chaos { get; }

    public DeadlineClock Clock { get; }

    /// <summary>Calls that wait on no connection; several tables, so that threads seldom meet.</summary>
    public PendingCalls LocalCalls => _local[Environment.CurrentManagedThreadId % _local.Length];

    public ObserverTable Observers { get; }

    public EngineMetrics Metrics { get; }

    /// <summary>The timestamp at which a span from now is over.</summary>
    public long After(TimeSpan span) => Time.GetTimestamp() + (long)(span.TotalSeconds * Time.TimestampFrequency);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        if (grainClassNamePrefix is not null)
            throw new NotSupportedException("The built-in engine takes one class per grain interface: leave grainClassNamePrefix out.");
        return (TGrainInterface)(object)Reference(InterfaceOf<TGrainInterface>.Info, primaryKey);
    }

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver =>
        (TGrainObserverInterface)(object)Reference(InterfaceOf<TGrainObserverInterface>.Info, Observers.Add(obj));

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj) where TGrainObserverInterface : IGrainObserver =>
        Observers.Remove((obj as GrainProxy ?? throw new ArgumentException("Pass what CreateObjectReference returned.", nameof(obj))).Key);

    public GrainProxy Reference(InterfaceInfo info, string key) => info.MakeProxy(new(this, info, key));

    /// <summary>Which class implements an interface, by the interface's number.</summary>
    public virtual Dictionary<ulong, string> GrainTypes => [];

    public abstract GrainId IdOf(InterfaceInfo info, string key);

    /// <summary>Takes a call to its target, or throws.</summary>
    public abstract void Send(GrainProxy target, GrainRequest request);

    /// <summary>Sends a request by a connection that is not there yet.</summary>
    public async Task SendLaterAsync(GrainRequest request, Task<Connection> connecting)
    {
        if (!request.Method.OneWay)
            LocalCalls.Add(request);
        try
        {
            var connection = await connecting.ConfigureAwait(false);
            if (!request.IsDone || request.Method.OneWay)
                connection.Send(request);
        }
        catch (Exception error)
        {
            request.Fail(error);
        }
    }

    /// <summary>Takes a call that came in by a connection to its target.</summary>
    public abstract void Receive(string key, GrainRequest request);

    public void OneWayFailed(GrainMethod method, Exception error) => Log.OneWayFailed(error, method.ToString());

    public virtual void Dispose() => Clock.Dispose();

    /// <summary>Takes a call to a queue of this process: arguments are copied, and the receiver gets a token of its own.</summary>
    private protected GrainRequest Isolate(GrainRequest request)
    {
        if (Chaos is not null || !request.Method.ImmutableArguments)
            request.CopyArguments(this);
        if (request.CallerToken.CanBeCanceled)
            request.Cancellation = new();
        return request;
    }

    private static class InterfaceOf<T>
    {
        public static InterfaceInfo Info => field ??= InterfaceInfo.Of(typeof(T));
    }
}
