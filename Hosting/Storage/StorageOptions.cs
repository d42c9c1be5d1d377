using System.ComponentModel.DataAnnotations;

namespace OrleansCache;

/// <summary>How the file store keeps values: section <c>OrleansCache:Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "OrleansCache:Storage";

    /// <summary>When the disk is told to have it. Default <see cref="FsyncMode.EverySecond"/>.</summary>
    public FsyncMode Fsync { get; set; }

    /// <summary>Starts in spite of damaged records, and leaves them out. Default false: a damaged file refuses the start.</summary>
    public bool SkipDamaged { get; set; }

    /// <summary>Size at which a data file is closed and the next begun, in bytes: 64 KiB to 1 GiB. Default 64 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    public int SegmentBytes { get; set; } = 64 << 20;

    /// <summary>Bytes a second that cleaning up may read and write, 64 KiB to 1 GiB. Default 32 MiB.</summary>
    [Range(64 << 10, 1 << 30)]
    public int CompactionBytesPerSecond { get; set; } = 32 << 20;
}

/// <summary>When an acknowledged write is safe from what.</summary>
public enum FsyncMode
{
    /// <summary>At once from the end of the process, within a second from the loss of power.</summary>
    EverySecond = 0,

    /// <summary>At once from both.</summary>
    Always = 1,
}
