using System.Diagnostics.CodeAnalysis;

namespace OrleansCache.Redis;

/// <summary>The RESP3 types, with RESP2's nulls folded into <see cref="Null"/>.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "RESP3's own names.")]
public enum RedisReplyKind : byte
{
    /// <summary>No value.</summary>
    Null,
    /// <summary>A short status, such as <c>OK</c>.</summary>
    SimpleString,
    /// <summary>Bytes.</summary>
    BulkString,
    /// <summary>Text for people; its format prefix is taken off.</summary>
    VerbatimString,
    /// <summary>A 64-bit integer.</summary>
    Integer,
    /// <summary>A double, infinities and NaN included.</summary>
    Double,
    /// <summary>True or false.</summary>
    Boolean,
    /// <summary>An integer of any size, as its digits.</summary>
    BigNumber,
    /// <summary>An error; on its own it becomes an exception, inside a collection it stays a value.</summary>
    Error,
    /// <summary>Elements in order.</summary>
    Array,
    /// <summary>Elements without order.</summary>
    Set,
    /// <summary>Keys and values in turn.</summary>
    Map,
    /// <summary>Sent without having been asked for.</summary>
    Push,
}
