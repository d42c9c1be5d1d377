using System.Globalization;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>The writer as a child process, and what it said was acknowledged.</summary>
internal static class StorageWriter
{
    public static ChildProcess Start(string folder, int writers = 8, int keys = 20, int seed = 1, params string[] settings)
        => StartWith([], folder, writers, keys, seed, settings);

    /// <summary>Starts it behind another program, such as a shell with limits.</summary>
    public static ChildProcess StartWith(string[] launcher, string folder, int writers, int keys, int seed, params string[] settings)
    {
        string[] words =
        [
            .. launcher, Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            Path.Combine(AppContext.BaseDirectory, "OrleansCache.Storage.Writer.dll"), folder,
            writers.ToString(CultureInfo.InvariantCulture), keys.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture),
            "--Logging:LogLevel:Default=Warning", .. settings,
        ];
        return ChildProcess.Start(words[0], words[1..]);
    }

    /// <summary>The last acknowledged change of each key.</summary>
    public static int Collect(ChildProcess writer, Dictionary<string, (long Version, bool Removed)> last)
    {
        var count = 0;
        foreach (var line in writer.Lines)
        {
            // A line that the kill cut short was not acknowledged to anybody.
            if (line.Split(' ') is not ["ack", var key, var version, var kind and ("value" or "removed")])
                continue;
            count++;
            var number = long.Parse(version, CultureInfo.InvariantCulture);
            if (!last.TryGetValue(key, out var known) || known.Version < number)
                last[key] = (number, kind == "removed");
        }
        return count;
    }
}
