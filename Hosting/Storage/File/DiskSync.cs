using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OrleansCache;

/// <summary>Makes the disk keep what it was given. Tests have a disk that does not.</summary>
internal class DiskSync
{
    public static DiskSync System { get; } = new();

    /// <summary>The bytes of a file.</summary>
    public virtual void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>The names in a folder: files that were created, moved or deleted there. Windows does that by itself.</summary>
    public virtual void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = open(Encoding.UTF8.GetBytes(folder + '\0'), 0);
        if (descriptor < 0)
            throw new IOException($"{folder} can't be opened: error {Marshal.GetLastPInvokeError()}.");
        try
        {
            if (fsync(descriptor) != 0)
                throw new IOException($"{folder} can't be flushed: error {Marshal.GetLastPInvokeError()}.");
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
}
