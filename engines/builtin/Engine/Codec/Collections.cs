namespace OrleansCache.Engine;

/// <summary>A collection is a group whose fields, all of id 0, are its elements. No count is trusted, so none is written.</summary>
internal abstract class CollectionCodec<TCollection, T> : Codec<TCollection>
{
    public override void Write(MessageWriter writer, uint id, TCollection value)
    {
        if (IsNull(value))
        {
            writer.Null(id);
            return;
        }
        writer.BeginGroup(id);
        foreach (var element in Span(value))
            Codecs<T>.Instance.Write(writer, 0, element);
        writer.EndGroup();
    }

    public override TCollection Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null)
            return default!;
        var values = new List<T>();
        reader.BeginGroup(wire);
        while (reader.NextField(out _, out var element))
            values.Add(Codecs<T>.Instance.Read(ref reader, element));
        return Make(values);
    }

    protected virtual bool IsNull(TCollection value) => value is null;

    protected abstract ReadOnlySpan<T> Span(TCollection value);

    protected abstract TCollection Make(List<T> values);
}

internal sealed class ArrayCodec<T> : CollectionCodec<T[], T>
{
    protected override ReadOnlySpan<T> Span(T[] value) => value;

    protected override T[] Make(List<T> values) => [.. values];
}

internal sealed class ListCodec<T> : CollectionCodec<List<T>, T>
{
    protected override ReadOnlySpan<T> Span(List<T> value) => CollectionsMarshal.AsSpan(value);

    protected override List<T> Make(List<T> values) => values;
}

internal sealed class ImmutableArrayCodec<T> : CollectionCodec<ImmutableArray<T>, T>
{
    protected override bool IsNull(ImmutableArray<T> value) => value.IsDefault;

    protected override ReadOnlySpan<T> Span(ImmutableArray<T> value) => value.AsSpan();

    protected override ImmutableArray<T> Make(List<T> values) => [.. values];
}

internal sealed class DictionaryCodec<TKey, TValue> : CollectionCodec<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> where TKey : notnull
{
    protected override ReadOnlySpan<KeyValuePair<TKey, TValue>> Span(Dictionary<TKey, TValue> value) => value.ToArray();

    protected override Dictionary<TKey, TValue> Make(List<KeyValuePair<TKey, TValue>> values)
    {
        var made = new Dictionary<TKey, TValue>(values.Count);
        foreach (var (key, value) in values)
            made[key ?? throw new InvalidDataException("The message is malformed: a dictionary's key is null.")] = value;
        return made;
    }
}

internal sealed class PairCodec<TKey, TValue> : Codec<KeyValuePair<TKey, TValue>>
{
    public override void Write(MessageWriter writer, uint id, KeyValuePair<TKey, TValue> value)
    {
        Codecs<TKey>.Instance.Write(writer, id, value.Key);
        Codecs<TValue>.Instance.Write(writer, id, value.Value);
    }

    public override KeyValuePair<TKey, TValue> Read(ref MessageReader reader, WireType wire)
    {
        var key = Codecs<TKey>.Instance.Read(ref reader, wire);
        return reader.NextField(out _, out var next) ? new(key, Codecs<TValue>.Instance.Read(ref reader, next)) : throw reader.Malformed("a pair");
    }
}

internal sealed class NullableCodec<T> : Codec<T?> where T : struct
{
    public override void Write(MessageWriter writer, uint id, T? value)
    {
        if (value is { } present)
            Codecs<T>.Instance.Write(writer, id, present);
        else
            writer.Null(id);
    }

    public override T? Read(ref MessageReader reader, WireType wire) => wire == WireType.Null ? null : Codecs<T>.Instance.Read(ref reader, wire);
}

/// <summary>A reference to a grain or an observer: the interface's number and the key.</summary>
internal sealed class ReferenceCodec<T> : Codec<T?> where T : class
{
    public override void Write(MessageWriter writer, uint id, T? value) =>
        Codecs<ReferenceImage>.Instance.Write(writer, id, value is null ? null! : new(Proxy(value).Interface.Id, Proxy(value).Key));

    public override T? Read(ref MessageReader reader, WireType wire)
    {
        if (Codecs<ReferenceImage>.Instance.Read(ref reader, wire) is not { } image)
            return null;
        var info = InterfaceInfo.Find(image.Interface) ?? throw reader.Malformed($"a reference of an unknown interface {image.Interface:x16}");
        return (reader.Runtime ?? throw reader.Malformed("a reference outside a call")).Reference(info, image.Key ?? "") as T
            ?? throw reader.Malformed($"a reference to {info.Name} where {typeof(T).Name} belongs");
    }

    private static GrainProxy Proxy(T value) => value as GrainProxy ?? throw new ArgumentException(
        $"{value.GetType()} is no reference: pass a grain by AsReference<{typeof(T).Name}>() and an observer by CreateObjectReference.");
}

/// <summary>A reference as it travels.</summary>
[GenerateSerializer]
internal sealed record ReferenceImage([property: Id(0)] ulong Interface, [property: Id(1)] string Key);
