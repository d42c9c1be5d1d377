using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansCache.TestSupport;

/// <summary>Rounds in which callers in several processes ask for one cold key at one instant, by <c>tests/Cluster.Client</c>.</summary>
public static class Stampedes
{
    /// <summary>From all being ready to the begin.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(200);

    /// <summary>Runs the rounds. The first is the warm-up; each has a key of its own, "1" and so on.</summary>
    /// <param name="cluster">Connection string.</param>
    /// <param name="what"><c>call</c> for a method of an integration, <c>create</c> for a factory of 50 ms.</param>
    /// <param name="processes">How many.</param>
    /// <param name="callers">In all of them.</param>
    /// <param name="rounds">With the warm-up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<StampedeRound>> RunAsync(
        string cluster, string what, int processes, int callers, int rounds, CancellationToken cancellationToken = default)
    {
        var gates = Directory.CreateTempSubdirectory("gates").FullName;
        var keys = Enumerable.Range(1, rounds).Select(static round => $"{round}").ToArray();
        var clock = TimeProvider.System;
        var started = Enumerable.Range(0, processes).Select(_ => ChildProcess.Start(
            Programs.DotNet, [Programs.ClusterClient, "stampede", cluster, what, $"{callers / processes}", gates, .. keys])).ToArray();
        try
        {
            foreach (var process in started)
                await process.WaitForLineAsync("connected", cancellationToken: cancellationToken);
            var measured = new List<StampedeRound>();
            foreach (var key in keys)
            {
                var at = clock.GetTimestamp() + (long)(clock.TimestampFrequency * Ahead.TotalSeconds);
                var gate = Path.Combine(gates, key);
                await File.WriteAllTextAsync(gate + ".new", at.ToString(CultureInfo.InvariantCulture), cancellationToken);
                File.Move(gate + ".new", gate);
                var ended = await Task.WhenAll(started.Select(process => EndedAsync(process, key, cancellationToken)));
                measured.Add(new(clock.GetElapsedTime(at, ended.Max(static end => end.At)), ended.Sum(static end => end.Made)));
            }
            return measured;
        }
        finally
        {
            foreach (var process in started)
                await process.DisposeAsync();
            Directory.Delete(gates, recursive: true);
        }
    }

    private static async Task<(long At, int Made)> EndedAsync(ChildProcess process, string key, CancellationToken cancellationToken)
    {
        var words = (await process.WaitForLineAsync($"round {key}: ", cancellationToken: cancellationToken)).Split(' ');
        return (long.Parse(words[2], CultureInfo.InvariantCulture), int.Parse(words[3], CultureInfo.InvariantCulture));
    }
}

/// <param name="Took">From the instant at which all should begin to the last caller's value.</param>
/// <param name="Made">How often a factory ran.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StampedeRound(TimeSpan Took, int Made);
