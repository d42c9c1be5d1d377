using System.Globalization;
using System.Text;

namespace OrleansCache.Cluster;

/// <summary>What callers felt of disturbances: failed calls by when they began, and how long slow ones went on after.</summary>
internal sealed class Availability(IReadOnlyList<Operation> operations, IReadOnlyList<Disturbance> disturbances)
{
    /// <summary>A call that took longer waited for something.</summary>
    public static TimeSpan Slow { get; } = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<Operation> Failed => [.. operations.Where(HasFailed)];

    public double FailedShare => Failed.Count / (double)Math.Max(1, operations.Count);

    /// <summary>Failed calls that did not begin within the time after a disturbance.</summary>
    public IReadOnlyList<Operation> FailedLaterThan(TimeSpan after) =>
        [.. operations.Where(o => HasFailed(o) && !disturbances.Any(d => o.Begin >= d.At && Elapsed(d.At, o.Begin) <= after))];

    /// <summary>From a disturbance to the end of the last call that was slow before the next one.</summary>
    public TimeSpan Stall(Disturbance disturbance, Func<Operation, bool> which) =>
        SlowAfter(disturbance, which).Select(o => Elapsed(disturbance.At, o.End)).DefaultIfEmpty(TimeSpan.Zero).Max();

    /// <summary>The longest of the calls that were slow after a disturbance and before the next one: a late one need not be long.</summary>
    public TimeSpan Longest(Disturbance disturbance, Func<Operation, bool> which) =>
        SlowAfter(disturbance, which).Select(o => Elapsed(o.Begin, o.End)).DefaultIfEmpty(TimeSpan.Zero).Max();

    public override string ToString()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{FailedShare:P3} of {operations.Count} calls failed"));
        foreach (var d in disturbances)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{Elapsed(disturbances[0].At, d.At).TotalSeconds,6:0.0} s {d.What}: reads {Slowness(d, static o => o.Kind == OperationKind.Read)}, changes {Slowness(d, static o => o.Kind != OperationKind.Read)}");
        }
        return text.ToString();
    }

    private string Slowness(Disturbance d, Func<Operation, bool> which) =>
        string.Create(CultureInfo.InvariantCulture, $"slow for {Stall(d, which).TotalSeconds:0.0} s, the longest {Longest(d, which).TotalSeconds:0.0} s");

    private IEnumerable<Operation> SlowAfter(Disturbance disturbance, Func<Operation, bool> which)
    {
        var next = disturbances.Where(d => d.At > disturbance.At).Select(d => d.At).DefaultIfEmpty(Operation.Never).Min();
        return operations.Where(o => which(o) && !HasFailed(o) && o.End > disturbance.At && Elapsed(o.Begin, Math.Min(o.End, next)) > Slow);
    }

    private static bool HasFailed(Operation o) => o.Ending is Ending.Failed or Ending.Unknown;

    private static TimeSpan Elapsed(long from, long to) => TimeProvider.System.GetElapsedTime(from, to);
}
