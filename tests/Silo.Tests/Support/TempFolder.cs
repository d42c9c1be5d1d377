namespace OrleansCache.Silo.Tests;

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("oc-silo-").FullName;

    /// <summary>Writes a file into it and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(FullPath, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
