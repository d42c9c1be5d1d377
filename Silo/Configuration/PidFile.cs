using System.Globalization;

namespace OrleansCache;

/// <summary>The silo's pid in <c>DATA/silo-{index}.pid</c> while it runs: who must kill it finds it there.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    public PidFile(string data, int index)
    {
        _path = Path.Combine(data, $"silo-{index}.pid");
        File.WriteAllText(_path, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
    }

    public void Dispose() => File.Delete(_path);
}
