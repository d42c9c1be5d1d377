using System.Buffers;
using System.ComponentModel;
using System.Reflection;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Caching.Hybrid;

namespace OrleansCache;

/// <summary>One type as bytes and back.</summary>
internal abstract class ValueCodec<T>
{
    /// <summary>Null for bytes that are nobody's but the application's: HTTP calls them <c>application/octet-stream</c>, and each entry is a string smaller.</summary>
    public virtual string? ContentType => null;

    /// <summary>True when callers may share one object: it cannot be changed.</summary>
    public bool IsShareable { get; } = typeof(T) == typeof(string) || typeof(T) == typeof(ReadOnlyMemory<byte>) || typeof(T).IsPrimitive || typeof(T).IsEnum
        || (typeof(T).IsSealed && typeof(T).GetCustomAttribute<ImmutableObjectAttribute>() is { Immutable: true });

    /// <summary>Bytes that nobody else holds.</summary>
    public abstract byte[] Encode(T value);

    public abstract T? Decode(byte[] bytes);

    /// <summary>The same of bytes that nobody else has.</summary>
    public virtual T? DecodeOwn(byte[] bytes) => Decode(bytes);
}

/// <summary>System.Text.Json.</summary>
internal sealed class JsonCodec<T>(JsonTypeInfo<T> type) : ValueCodec<T>
{
    public override string? ContentType => "application/json";

    public override byte[] Encode(T value) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(value, type);

    public override T? Decode(byte[] bytes) => System.Text.Json.JsonSerializer.Deserialize(bytes, type);
}

/// <summary>What the application registered.</summary>
internal sealed class CustomCodec<T>(IHybridCacheSerializer<T> serializer) : ValueCodec<T>
{
    public override byte[] Encode(T value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public override T? Decode(byte[] bytes) => serializer.Deserialize(new ReadOnlySequence<byte>(bytes));
}

/// <summary>Text as UTF-8.</summary>
internal sealed class TextCodec : ValueCodec<string>
{
    public override string? ContentType => "text/plain; charset=utf-8";

    public override byte[] Encode(string value) => Encoding.UTF8.GetBytes(value);

    public override string Decode(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}

/// <summary>Bytes as they are. Copied both ways where they are shared, for an array can be changed.</summary>
internal sealed class ArrayCodec : ValueCodec<byte[]>
{
    public override byte[] Encode(byte[] value) => [.. value];

    public override byte[] Decode(byte[] bytes) => [.. bytes];

    public override byte[] DecodeOwn(byte[] bytes) => bytes;
}

/// <summary>Bytes as they are; copied on the way in only.</summary>
internal sealed class MemoryCodec : ValueCodec<ReadOnlyMemory<byte>>
{
    public override byte[] Encode(ReadOnlyMemory<byte> value) => value.ToArray();

    public override ReadOnlyMemory<byte> Decode(byte[] bytes) => bytes;
}
