namespace OrleansCache.Engine;

/// <summary>The engine's instruments; its factory owns the meter, so that two silos in one process do not share it.</summary>
internal sealed class EngineMetrics
{
    public const string MeterName = "OrleansCache.Engine";
    private readonly UpDownCounter<int> _activations;
    private readonly Histogram<double> _calls;

    public EngineMetrics(IServiceProvider services)
    {
        var meter = services.GetRequiredService<IMeterFactory>().Create(MeterName);
        _activations = meter.CreateUpDownCounter<int>("orleanscache.engine.activations", "{activation}", "Grains in memory, by class.");
        _calls = meter.CreateHistogram<double>("orleanscache.engine.call.duration", "s", "From a call's begin in its grain to its end, by outcome.");
    }

    /// <summary>Somebody measures calls, so that the clock is worth reading.</summary>
    public bool MeasuresCalls => _calls.Enabled;

    public void Activations(string grainClass, int change) => _activations.Add(change, new KeyValuePair<string, object?>("grain.class", grainClass));

    public void Call(TimeSpan duration, bool failed) => _calls.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("call.outcome", failed ? "error" : "ok"));
}
