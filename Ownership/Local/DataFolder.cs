using System.Globalization;

namespace OrleansCache;

/// <summary>A data folder held by this process alone, until disposed or the process ends, however it ends.</summary>
/// <remarks>The kernel keeps the lock (<c>flock</c> on Unix). Network file systems may not: keep data on a local disk.</remarks>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock) => (FullPath, _lock) = (path, @lock);

    public string FullPath { get; }

    /// <exception cref="StartRefusedException">Another process has it, or it can't be written.</exception>
    public static DataFolder Hold(string path)
    {
        var folder = Path.GetFullPath(path);
        var lockFile = Path.Combine(folder, "lock");
        var holderFile = Path.Combine(folder, "lock.pid");
        try
        {
            Directory.CreateDirectory(folder);
            var held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holderFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new(folder, held);
        }
        catch (IOException exception) when (IsHeld(lockFile))
        {
            throw new StartRefusedException(
                $"The data folder {folder} is in use by pid {HolderIn(holderFile)}. Stop that process, or name another folder (--data, OrleansCache:Data).",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(
                $"The data folder {folder} can't be written: {exception.Message} Name another folder (--data, OrleansCache:Data) or give this user the right.",
                exception);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static bool IsHeld(string lockFile)
    {
        if (!File.Exists(lockFile))
            return false;
        try
        {
            File.OpenHandle(lockFile, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string HolderIn(string holderFile)
    {
        try
        {
            return File.ReadAllText(holderFile);
        }
        catch (IOException)
        {
            return "(unknown)";
        }
    }
}
