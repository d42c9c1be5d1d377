using System.Collections.Immutable;

namespace OrleansCache.Samples;

/// <param name="Version">Grows by one with each change.</param>
internal sealed record Order(
    string Id,
    string User,
    string Status,
    ImmutableArray<OrderLine> Lines,
    string Currency,
    decimal Total,
    long Version,
    DateTimeOffset LastModified)
{
    public static readonly string[] Statuses = ["new", "paid", "packed", "shipped", "delivered", "cancelled"];
}

internal sealed record OrderLine(string Sku, int Quantity, decimal UnitPrice);
