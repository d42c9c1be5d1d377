namespace OrleansCache.TestSupport;

/// <summary>The programs as this build made them: neighbours of the running program's own folder.</summary>
public static class Programs
{
    public static string Silo { get; } = Find("OrleansCache.Silo");

    public static string Partner { get; } = Find("OrleansCache.Samples.Partner");

    /// <summary>Of <c>tests/Cluster.Client</c>.</summary>
    public static string ClusterClient { get; } = Find("OrleansCache.Cluster.Client");

    public static string Repository { get; } = FindRepository();

    public static string DotNet { get; } = Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : ChildProcess.Find("dotnet") ?? "dotnet";

    private static string Find(string name)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(here.Parent!.Parent!.FullName, name, here.Name, $"{name}.dll");
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "OrleansCache.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder.FullName;
    }
}
