using System.Globalization;
using System.Text;

namespace OrleansCache.Redis;

/// <summary>One reply, or one element of a nested one. <c>default</c> is null. Conversions follow the value, not the RESP version:
/// a number that came as text reads as a number.</summary>
public readonly struct RedisReply
{
    private readonly object? _value;
    private readonly long _bits;

    internal RedisReply(RedisReplyKind kind, object? value, long bits = 0) => (Kind, _value, _bits) = (kind, value, bits);

    /// <summary>Its RESP type.</summary>
    public RedisReplyKind Kind { get; }

    /// <summary>There is no value.</summary>
    public bool IsNull => Kind == RedisReplyKind.Null;

    /// <summary>Elements of an array, set or push; of a map, keys and values in turn. Empty for null.</summary>
    /// <exception cref="InvalidOperationException">The reply is a single value.</exception>
    public ReadOnlySpan<RedisReply> Items => _value is RedisReply[] items ? items : IsNull ? default : throw Not("a collection");

    /// <summary>The element at that place of a collection.</summary>
    public RedisReply this[int index] => Items[index];

    /// <summary>The value of a map's key, also where RESP2 sends the map as an array; null reply if it is not there.</summary>
    public RedisReply this[string key]
    {
        get
        {
            for (var i = 0; i + 1 < Items.Length; i += 2)
            {
                if (Items[i].AsString() == key)
                    return Items[i + 1];
            }
            return default;
        }
    }

    /// <summary>The bytes of a string, or null. The array belongs to the caller, except for a simple string's.</summary>
    public byte[]? AsBytes() => _value as byte[] ?? (IsNull ? null : Encoding.UTF8.GetBytes(AsString()!));

    /// <summary>A string (read as UTF-8), number, boolean (0 or 1) or error message as text, or null.</summary>
    public string? AsString() => Kind switch
    {
        RedisReplyKind.Null => null,
        RedisReplyKind.Integer or RedisReplyKind.Boolean => _bits.ToString(CultureInfo.InvariantCulture),
        RedisReplyKind.Double => AsDouble().ToString(CultureInfo.InvariantCulture),
        _ => _value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : _value as string ?? throw Not("a single value"),
    };

    /// <summary>An integer, a boolean as 0 or 1, or a string that is an integer.</summary>
    public long AsInt64() => Kind switch
    {
        RedisReplyKind.Integer or RedisReplyKind.Boolean => _bits,
        _ when _value is byte[] bytes && long.TryParse(bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Not("an integer"),
    };

    /// <summary>An integer or boolean that is not 0.</summary>
    public bool AsBoolean() => AsInt64() != 0;

    /// <summary>A double, an integer, or a string that is a double.</summary>
    public double AsDouble() => Kind switch
    {
        RedisReplyKind.Double => BitConverter.Int64BitsToDouble(_bits),
        RedisReplyKind.Integer => _bits,
        _ when _value is byte[] bytes && RespParser.TryParseDouble(bytes, out var number) => number,
        _ => throw Not("a double"),
    };

    /// <summary>For people: never the contents of a string, which may be a value.</summary>
    public override string ToString() => _value is RedisReply[] items ? $"{Kind}[{items.Length}]" : $"{Kind}";

    private InvalidOperationException Not(string what) => new($"Redis answered with {this}; {what} was expected.");
}
