using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;

namespace OrleansCache.Samples;

/// <summary>Orders in memory, the same ones after each start. Ids 1 to <see cref="Seeded"/> exist.</summary>
internal sealed class Orders(OriginClock clock)
{
    public const int Seeded = 1_000;
    public const int Capacity = 100_000;

    /// <summary>The age of all content that no one has written since.</summary>
    public static readonly DateTimeOffset SeededAt = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, Order> _orders = new(
        Seed().Select(order => KeyValuePair.Create(order.Id, order)), StringComparer.Ordinal);

    public Order? Find(string id) => _orders.GetValueOrDefault(id);

    /// <summary>In the order of their ids; numbers before names.</summary>
    public ImmutableArray<Order> List(string? status) =>
    [
        .. _orders.Values
            .Where(order => status is null || order.Status == status)
            .OrderBy(order => int.TryParse(order.Id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue)
            .ThenBy(order => order.Id, StringComparer.Ordinal),
    ];

    /// <summary>Writes one order; an update that changes nothing keeps its version.</summary>
    /// <param name="id">The order's id; an unknown one is created.</param>
    /// <param name="update">What to set.</param>
    /// <param name="mayWrite">Whether the order as it stands (null when there is none) may be written.</param>
    public OrderWrite Put(string id, OrderUpdate update, Func<Order?, bool> mayWrite)
    {
        lock (_writing)
        {
            var before = Find(id);
            if (!mayWrite(before))
                return new(OrderOutcome.Conflict, before);
            if (before is null && _orders.Count >= Capacity)
                return new(OrderOutcome.Full, null);

            var lines = update.Lines ?? before?.Lines ?? [];
            var user = update.User ?? before?.User ?? "guest";
            if (before is not null && before.Status == update.Status && before.User == user && before.Lines.SequenceEqual(lines))
                return new(OrderOutcome.Replaced, before);

            var after = new Order(
                id, user, update.Status, lines, "EUR", TotalOf(lines), (before?.Version ?? 0) + 1, clock.Now);
            _orders[id] = after;
            return new(before is null ? OrderOutcome.Created : OrderOutcome.Replaced, after);
        }
    }

    private static IEnumerable<Order> Seed()
    {
        var random = new Random(1);
        for (var number = 1; number <= Seeded; number++)
        {
            var lines = Enumerable.Range(0, random.Next(1, 5))
                .Select(_ => new OrderLine(
                    FormattableString.Invariant($"SKU-{random.Next(1, 500):000}"), random.Next(1, 4), random.Next(100, 10_000) / 100m))
                .ToImmutableArray();
            yield return new(
                number.ToString(CultureInfo.InvariantCulture),
                FormattableString.Invariant($"user-{random.Next(1, 101)}"),
                Order.Statuses[random.Next(Order.Statuses.Length)],
                lines,
                "EUR",
                TotalOf(lines),
                Version: 1,
                SeededAt);
        }
    }

    private static decimal TotalOf(ImmutableArray<OrderLine> lines) => lines.Sum(line => line.Quantity * line.UnitPrice);
}

internal enum OrderOutcome
{
    Conflict,
    Full,
    Created,
    Replaced,
}

internal readonly record struct OrderWrite(OrderOutcome Outcome, Order? Order);
