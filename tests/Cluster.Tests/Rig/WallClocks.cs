using System.Globalization;

namespace OrleansCache.Cluster;

/// <summary>Wall clocks of processes, which the test sets while they run; their monotonic clocks go on. By libfaketime.</summary>
internal sealed class WallClocks : IDisposable
{
    private static readonly string? Library = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib").Select(static folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        : null;

    private readonly string _folder = Directory.CreateTempSubdirectory("oc-clocks-").FullName;

    private WallClocks()
    {
    }

    /// <summary>A process looks for a new setting so often.</summary>
    public static TimeSpan TakesEffect { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Skips the test where the library is not there.</summary>
    public static WallClocks Create()
    {
        Assert.SkipWhen(Library is null, "libfaketime is not there; install the package faketime to run this test.");
        return new();
    }

    /// <summary>Of a process whose clock bears the name, and shows the right time until it is set.</summary>
    public IReadOnlyDictionary<string, string?> EnvironmentOf(string name)
    {
        if (!File.Exists(PathOf(name)))
            Set(name, TimeSpan.Zero);
        return new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = $"{Library} libc.so.6",      // redis-server's allocator asks for the time before the library is ready; libc's does not
            ["FAKETIME_TIMESTAMP_FILE"] = PathOf(name),
            ["FAKETIME_CACHE_DURATION"] = TakesEffect.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            ["DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",     // else each timed wait of .NET ends at once, and its threads do nothing but wait again
        };
    }

    /// <summary>Against the true time, from then on.</summary>
    public void Set(string name, TimeSpan ahead)
    {
        var file = PathOf(name);
        File.WriteAllText(file + ".new", ahead.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture) + "\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PathOf(string name) => Path.Combine(_folder, name);
}
