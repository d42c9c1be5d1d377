using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace OrleansCache;

/// <summary>One file of the log. It is appended to while it is the newest, and then only read.</summary>
internal sealed class LogSegment : IDisposable
{
    /// <summary>What a file begins with: a name and the format's number.</summary>
    public static ReadOnlySpan<byte> Magic => "OCLOG\0\0\x01"u8;

    private readonly string _folder;
    private long _live;

    private LogSegment(string folder, int number, SafeFileHandle handle)
        => (_folder, Number, Handle, Path) = (folder, number, handle, PathOf(folder, number));

    public int Number { get; }

    public SafeFileHandle Handle { get; }

    public string Path { get; }

    public string HintPath => PathOf(_folder, Number, ".hint");

    /// <summary>Where the next record goes.</summary>
    public long End { get; set; }

    /// <summary>Bytes of records that the index points at.</summary>
    public long Live => Volatile.Read(ref _live);

    public bool HasHint { get; set; }

    /// <summary>A part of it was left out at the start (<see cref="StorageOptions.SkipDamaged"/>): the rest is carried over, and the file put aside.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Damage was found while running: the file is left as it is.</summary>
    public bool IsKept { get; set; }

    public double DeadShare => 1 - ((double)Live / Math.Max(1, End - Magic.Length));

    /// <summary>Bytes behind <see cref="End"/> may stem from a write that failed.</summary>
    public bool HasRemains { get; set; }

    public void AddLive(long bytes) => Interlocked.Add(ref _live, bytes);

    /// <param name="folder">Of the log.</param>
    /// <param name="number">Of the file.</param>
    /// <param name="disk">Keeps the file's name, without which its records would be lost.</param>
    public static LogSegment Create(string folder, int number, DiskSync disk)
    {
        var segment = new LogSegment(folder, number, File.OpenHandle(PathOf(folder, number), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read));
        try
        {
            segment.Begin();
            disk.Flush(folder);
            return segment;
        }
        catch
        {
            segment.Dispose();
            File.Delete(segment.Path);
            throw;
        }
    }

    public static LogSegment Open(string folder, int number)
        => new(folder, number, File.OpenHandle(PathOf(folder, number), FileMode.Open, FileAccess.ReadWrite, FileShare.Read));

    /// <summary>Numbers of the files in the folder, ascending.</summary>
    public static int[] NumbersIn(string folder)
        => [.. Directory.EnumerateFiles(folder, "*.log")
            .Select(file => int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(number => number > 0)
            .Order()];

    public void Begin()
    {
        RandomAccess.Write(Handle, Magic, 0);
        End = Magic.Length;
    }

    public void CutAt(long offset)
    {
        RandomAccess.SetLength(Handle, offset);
        (End, HasRemains) = (offset, false);
    }

    /// <summary>Deletes the file; a damaged one is renamed instead, for whoever would repair it.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(HintPath);
        if (IsDamaged)
            File.Move(Path, Path + ".damaged", overwrite: true);
        else
            File.Delete(Path);
    }

    public void Dispose() => Handle.Dispose();

    private static string PathOf(string folder, int number, string extension = ".log")
        => System.IO.Path.Combine(folder, number.ToString("D8", CultureInfo.InvariantCulture) + extension);
}
