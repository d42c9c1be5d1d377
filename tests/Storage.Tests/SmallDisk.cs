using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>A file system of a few MiB, in memory. Only root may have one; the test is skipped for others.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("oc-disk-").FullName;

    public static async Task<SmallDisk> MountAsync(int bytes)
    {
        var disk = new SmallDisk();
        if (!OperatingSystem.IsLinux() || await RunAsync("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", disk.Path) != 0)
        {
            Directory.Delete(disk.Path);
            Assert.Skip("A small file system could not be mounted; run as root on Linux.");
        }
        return disk;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", Path);
        Directory.Delete(Path);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        if (ChildProcess.Find(program) is not { } path)
            return -1;
        await using var process = ChildProcess.Start(path, arguments);
        return await process.WaitForExitAsync();
    }
}
