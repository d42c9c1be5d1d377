namespace OrleansCache;

/// <summary>Prints a table in Markdown; ratios are to the first row of the same run.</summary>
internal static class Report
{
    public static void Print(string title, IReadOnlyList<Measured> rows, params (string What, Func<double> Value, string Bar, Func<double, bool> Holds)[] bars)
    {
        Console.WriteLine($"\n### {title}\n");
        Console.WriteLine("| | p50 µs | p99 µs | per second | bytes a call | p50 ratio | rate ratio |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var row in rows)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"| {row.Name} | {row.P50:F2} | {row.P99:F2} | {row.PerSecond:F0} | {row.BytesPerCall:F0} | {row.P50 / rows[0].P50:F2} | {row.PerSecond / rows[0].PerSecond:F2} |"));
        }

        Console.WriteLine();
        foreach (var (what, value, bar, holds) in bars)
        {
            var measured = value();
            Console.WriteLine(FormattableString.Invariant($"- {what}: {measured:F2} ({bar}): {(holds(measured) ? "holds" : "DOES NOT HOLD")}"));
        }
    }
}
