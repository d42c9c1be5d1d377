namespace OrleansCache.Engine;

/// <summary>Writes and reads values of one type.</summary>
[BuiltinOnly]
public abstract class Codec<T>
{
    /// <summary>Writes the value as field <paramref name="id"/>.</summary>
    public abstract void Write(MessageWriter writer, uint id, T value);

    /// <summary>Reads a value whose tag was just read.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a value.</exception>
    public abstract T Read(ref MessageReader reader, WireType wire);
}

/// <summary>The codec of a type, found once.</summary>
[BuiltinOnly]
public static class Codecs<T>
{
    /// <summary>The codec; one that explains what is missing where there is none.</summary>
    public static readonly Codec<T> Instance = CodecTable.Find(typeof(T)) as Codec<T> ?? new MissingCodec<T>();

    /// <summary>A copy that shares nothing with the original: it is what would come out at the other end of a connection.</summary>
    internal static T Copy(T value, EngineRuntime runtime)
    {
        var writer = MessageWriter.Scratch;
        Instance.Write(writer, 0, value);
        var reader = new MessageReader(writer.Written.Span, runtime);
        reader.NextField(out _, out var wire);
        return Instance.Read(ref reader, wire);
    }
}

internal static class CodecTable
{
    private static readonly ConcurrentDictionary<Type, object> Known = Primitives.All();

    private static readonly Dictionary<Type, Type> Open = new()
    {
        [typeof(Nullable<>)] = typeof(NullableCodec<>),
        [typeof(List<>)] = typeof(ListCodec<>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCodec<>),
        [typeof(Dictionary<,>)] = typeof(DictionaryCodec<,>),
        [typeof(KeyValuePair<,>)] = typeof(PairCodec<,>),
    };

    public static void Add<T>(Codec<T> codec) => Known[typeof(T)] = codec;

    public static object? Find(Type type)
    {
        EngineModules.Load(type.Module);
        return Known.TryGetValue(type, out var codec) ? codec : Compose(type) is { } composed ? Known.GetOrAdd(type, composed) : null;
    }

    private static object? Compose(Type type)
    {
        if (type.IsEnum)
            return Make(typeof(EnumCodec<>), type);
        if (type.IsSZArray)
            return Make(typeof(ArrayCodec<>), type.GetElementType()!);
        if (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))
            return Make(typeof(ReferenceCodec<>), type);
        return type.IsGenericType && Open.TryGetValue(type.GetGenericTypeDefinition(), out var open) ? Make(open, type.GenericTypeArguments) : null;
    }

    private static object Make(Type open, params Type[] arguments) => Activator.CreateInstance(open.MakeGenericType(arguments))!;
}

internal sealed class MissingCodec<T> : Codec<T>
{
    public override void Write(MessageWriter writer, uint id, T value) => throw Missing();

    public override T Read(ref MessageReader reader, WireType wire) => throw Missing();

    private static NotSupportedException Missing() =>
        new($"{typeof(T)} cannot travel: give it [GenerateSerializer] and its members [Id], in a project that runs the engine's generator.");
}
