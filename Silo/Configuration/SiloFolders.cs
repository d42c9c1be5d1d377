namespace OrleansCache;

/// <summary>Where the program finds its configuration and keeps its data.</summary>
internal static class SiloFolders
{
    /// <summary>The repository that this program was built in; null when it was installed elsewhere.</summary>
    public static string? Repository { get; } = FindRepository(AppContext.BaseDirectory);

    /// <summary>In the repository the source's own folder, so that an edit of its appsettings.json is seen at once.</summary>
    public static string Configuration =>
        Repository is { } repository && File.Exists(Path.Combine(repository, "Silo", "appsettings.json")) ? Path.Combine(repository, "Silo") : AppContext.BaseDirectory;

    public static string DefaultData => Repository is { } repository ? Path.Combine(repository, "artifacts", "data") : Path.GetFullPath("data");

    private static string? FindRepository(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansCache.sln")))
                return folder.FullName;
        }

        return null;
    }
}
