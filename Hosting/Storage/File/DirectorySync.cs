using System.Runtime.InteropServices;
using System.Text;

namespace OrleansCache;

/// <summary>Makes the disk keep the names in a folder: files that were created, moved or deleted there. Windows does that by itself.</summary>
internal static class DirectorySync
{
    public static void Flush(string folder)
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
