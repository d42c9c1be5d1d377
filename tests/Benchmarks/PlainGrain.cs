using OrleansCache;

namespace OrleansCacheBenchmarks;

/// <summary>The least that a grain can be: what our entries are measured against. Of a namespace that is not ours, for which the engine does what it does for any.</summary>
[Alias("oc.bench.plain")]
internal interface IPlainGrain : IGrainWithStringKey
{
    [Alias("get")]
    ValueTask<EntryValue> GetAsync();

    [Alias("set")]
    ValueTask SetAsync(EntryValue value);
}

internal sealed class PlainGrain : Grain, IPlainGrain
{
    private EntryValue _value = new() { Bytes = new byte[Payload.Size] };

    public ValueTask<EntryValue> GetAsync() => new(_value);

    public ValueTask SetAsync(EntryValue value)
    {
        _value = value;
        return default;
    }
}
