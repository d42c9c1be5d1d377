using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCache.Engine;

/// <summary>A collection is a group whose fields, all of id 0, are its elements. No count is trusted, so none is written.</summary>
internal static class Elements
{
    public static void Write<T>(MessageWriter writer, uint id, ReadOnlySpan<T> values)
    {
        writer.BeginGroup(id);
        foreach (var value in values)
            Codecs<T>.Instance.Write(writer, 0, value);
        writer.EndGroup();
    }

    public static List<T> Read<T>(ref MessageReader reader, WireType wire)
    {
        var values = new List<T>();
        reader.BeginGroup(wire);
        while (reader.NextField(out _, out var element))
            values.Add(Codecs<T>.Instance.Read(ref reader, element));
        return values;
    }
}

internal sealed class ArrayCodec<T> : Codec<T[]?>
{
    public override void Write(MessageWriter writer, uint id, T[]? value)
    {
        if (value is null)
            writer.Null(id);
        else
            Elements.Write<T>(writer, id, value);
    }

    public override T[]? Read(ref MessageReader reader, WireType wire) =>
        wire == WireType.Null ? null : Elements.Read<T>(ref reader, wire).ToArray();

    public override T[]? Copy(T[]? value) => value is null ? null : Array.ConvertAll(value, Codecs<T>.Instance.Copy);
}

internal sealed class ListCodec<T> : Codec<List<T>?>
{
    public override void Write(MessageWriter writer, uint id, List<T>? value)
    {
        if (value is null)
            writer.Null(id);
        else
            Elements.Write<T>(writer, id, CollectionsMarshal.AsSpan(value));
    }

    public override List<T>? Read(ref MessageReader reader, WireType wire) => wire == WireType.Null ? null : Elements.Read<T>(ref reader, wire);

    public override List<T>? Copy(List<T>? value) => value?.ConvertAll(Codecs<T>.Instance.Copy);
}

internal sealed class ImmutableArrayCodec<T> : Codec<ImmutableArray<T>>
{
    public override void Write(MessageWriter writer, uint id, ImmutableArray<T> value)
    {
        if (value.IsDefault)
            writer.Null(id);
        else
            Elements.Write(writer, id, value.AsSpan());
    }

    public override ImmutableArray<T> Read(ref MessageReader reader, WireType wire) =>
        wire == WireType.Null ? default : ImmutableCollectionsMarshal.AsImmutableArray(Elements.Read<T>(ref reader, wire).ToArray());

    public override ImmutableArray<T> Copy(ImmutableArray<T> value) => value.IsDefault ? default : ImmutableArray.CreateRange(value, Codecs<T>.Instance.Copy);
}

internal sealed class DictionaryCodec<TKey, TValue> : Codec<Dictionary<TKey, TValue>?> where TKey : notnull
{
    public override void Write(MessageWriter writer, uint id, Dictionary<TKey, TValue>? value)
    {
        if (value is null)
        {
            writer.Null(id);
            return;
        }
        writer.BeginGroup(id);
        foreach (var (key, item) in value)
        {
            Codecs<TKey>.Instance.Write(writer, 0, key);
            Codecs<TValue>.Instance.Write(writer, 1, item);
        }
        writer.EndGroup();
    }

    public override Dictionary<TKey, TValue>? Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null)
            return null;
        var values = new Dictionary<TKey, TValue>();
        reader.BeginGroup(wire);
        while (reader.NextField(out _, out var keyWire))
        {
            var key = Codecs<TKey>.Instance.Read(ref reader, keyWire);
            if (key is null || !reader.NextField(out _, out var valueWire))
                throw reader.Malformed("a dictionary");
            values[key] = Codecs<TValue>.Instance.Read(ref reader, valueWire);
        }
        return values;
    }

    public override Dictionary<TKey, TValue>? Copy(Dictionary<TKey, TValue>? value) =>
        value?.ToDictionary(pair => Codecs<TKey>.Instance.Copy(pair.Key), pair => Codecs<TValue>.Instance.Copy(pair.Value), value.Comparer);
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

    public override T? Copy(T? value) => value is { } present ? Codecs<T>.Instance.Copy(present) : null;
}

/// <summary>A reference to a grain or an observer: the interface's number and the key.</summary>
internal sealed class ReferenceCodec<T> : Codec<T?> where T : class
{
    public override void Write(MessageWriter writer, uint id, T? value)
    {
        if (value is null)
        {
            writer.Null(id);
            return;
        }
        var proxy = Proxy(value);
        writer.BeginGroup(id);
        writer.Tag(0, WireType.Fixed64);
        writer.Fixed64(proxy.Interface.Id);
        writer.Tag(1, WireType.Bytes);
        writer.Text(proxy.Key);
        writer.EndGroup();
    }

    public override T? Read(ref MessageReader reader, WireType wire)
    {
        if (wire == WireType.Null)
            return null;
        ulong type = 0;
        var key = "";
        reader.BeginGroup(wire);
        while (reader.NextField(out var id, out var field))
        {
            reader.Expect(field, id == 0 ? WireType.Fixed64 : WireType.Bytes);
            if (id == 0)
                type = reader.Fixed64();
            else
                key = reader.Text();
        }
        var info = InterfaceInfo.Find(type) ?? throw reader.Malformed($"a reference of an unknown interface {type:x16}");
        return (reader.Runtime ?? throw reader.Malformed("a reference outside a call")).Reference(info, key) as T
            ?? throw reader.Malformed($"a reference to {info.Name} where {typeof(T).Name} belongs");
    }

    public override T? Copy(T? value) => value is null ? null : (T)(object)Proxy(value);

    private static GrainProxy Proxy(T value) => value as GrainProxy ?? throw new ArgumentException(
        $"{value.GetType()} is no reference: pass a grain by AsReference<{typeof(T).Name}>() and an observer by CreateObjectReference.");
}
