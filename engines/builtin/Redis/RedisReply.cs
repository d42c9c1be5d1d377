namespace OrleansCache.Redis;

/// <summary>
/// One reply, or one element of a nested one. <c>default</c> is null. RESP3's finer types are folded: doubles and big numbers are text,
/// booleans are 0 or 1, a map is an array of keys and values in turn. An error inside an array stays a value.
/// </summary>
public readonly struct RedisReply
{
    /// <summary>Null, a byte[], a long, a RedisReply[] or a RedisServerException.</summary>
    internal readonly object? Value;

    internal RedisReply(object? value) => Value = value;

    /// <summary>There is no value.</summary>
    public bool IsNull => Value is null;

    /// <summary>Elements of an array; empty for null.</summary>
    /// <exception cref="InvalidOperationException">The reply is a single value.</exception>
    public ReadOnlySpan<RedisReply> Items => Value is null ? default : Value as RedisReply[] ?? throw Not("an array");

    /// <summary>The element at that place of an array.</summary>
    public RedisReply this[int index] => Items[index];

    /// <summary>The bytes of a string, or null. The array belongs to the caller, except for that of <c>OK</c>.</summary>
    public byte[]? AsBytes() => Value is null ? null : Value as byte[] ?? throw Not("a string");

    /// <summary>A string (read as UTF-8), number or error message as text, or null.</summary>
    public string? AsString() => Value switch
    {
        null => null,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        long number => number.ToString(CultureInfo.InvariantCulture),
        RedisServerException error => error.Message,
        _ => throw Not("a single value"),
    };

    /// <summary>An integer, or a string that is an integer.</summary>
    public long AsInt64() => Value switch
    {
        long number => number,
        byte[] text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Not("an integer"),
    };

    // Never the contents of a string, which may be a value.
    private InvalidOperationException Not(string what) => new($"Redis answered with {Value?.GetType().Name ?? "null"}; {what} was expected.");
}
