using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>The codec of each type: the application's serializer, then its serializer factories (last registered first), then ours.</summary>
internal sealed class ValueCodecs(IServiceProvider services, IOptions<OrleansCacheClientOptions> options)
{
    /// <summary>Marks a null that was written; any type reads it as null.</summary>
    public const string NullContentType = "application/vnd.orleanscache.null";

    /// <summary>A null as it is written.</summary>
    public static RawValue Null { get; } = new([], NullContentType);

    /// <summary>The largest value, in bytes.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private readonly ConcurrentDictionary<Type, object> _codecs = new();
    private readonly bool _isRemote = services.GetService<ClientConnection>() is not null;
    private readonly JsonSerializerOptions _json = Complete(options.Value.Json);

    public ValueCodec<T> Of<T>() => (ValueCodec<T>)(_codecs.TryGetValue(typeof(T), out var codec) ? codec : _codecs.GetOrAdd(typeof(T), Create<T>()));

    /// <summary>False, with the reason, when the bytes are no <typeparamref name="T"/>.</summary>
    /// <param name="entry">From a reply.</param>
    /// <param name="value">What it holds.</param>
    /// <param name="error">Why it holds none.</param>
    /// <param name="isShared">False when nobody else in this process has the reply, which came from another: its bytes may become the caller's.</param>
    public bool TryDecode<T>(EntryValue? entry, out T? value, out Exception? error, bool isShared = true)
    {
        (value, error) = (default, null);
        if (entry is null || entry.IsAbsent || entry.ContentType == NullContentType)
            return true;
        try
        {
            if (entry.Encoding is { Length: > 0 } encoding)
                throw new NotSupportedException($"The value's content encoding is '{encoding}'.");
            var codec = Of<T>();
            value = isShared || !_isRemote ? codec.Decode(entry.Bytes) : codec.DecodeOwn(entry.Bytes);
            return true;
        }
#pragma warning disable CA1031 // a serializer of the application may throw anything; whatever it is, the bytes are no T
        catch (Exception e)
#pragma warning restore CA1031
        {
            error = e;
            return false;
        }
    }

    /// <summary>The value as bytes with their type; null keeps a type of its own.</summary>
    public RawValue Encode<T>(T value)
    {
        if (value is null)
            return Null;
        var codec = Of<T>();
        return new(codec.Encode(value), codec.ContentType);
    }

    public static string TooLarge(string what, int size) => $"{what} is {size} bytes; an entry holds at most {MaxBytes} (8 MiB). Store less, or parts of it.";

    private static JsonSerializerOptions Complete(JsonSerializerOptions json)
    {
        json.MakeReadOnly(populateMissingResolver: true);
        return json;
    }

    private object Create<T>()
    {
        if (services.GetService<IHybridCacheSerializer<T>>() is { } serializer)
            return new CustomCodec<T>(serializer);
        foreach (var factory in services.GetServices<IHybridCacheSerializerFactory>().Reverse())
        {
            if (factory.TryCreateSerializer<T>(out var made))
                return new CustomCodec<T>(made);
        }

        return typeof(T) == typeof(string) ? new TextCodec()
            : typeof(T) == typeof(byte[]) ? new ArrayCodec()
            : typeof(T) == typeof(ReadOnlyMemory<byte>) ? new MemoryCodec()
            : new JsonCodec<T>((JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T)));
    }
}
