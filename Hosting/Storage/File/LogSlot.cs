namespace OrleansCache;

/// <summary>Where the newest record of a key is: 24 bytes of memory for each. <c>default</c> is an empty slot.</summary>
internal struct LogSlot
{
    public ulong Hash;
    public int Segment;
    public uint Offset;

    /// <summary>Of the whole record, in bytes; 0 in an empty slot.</summary>
    public int Length;

    /// <summary>
    /// Seconds of cluster time up to which the record must stay in the log: its own expiry, or that of an older record of the key still
    /// in a file, which would come back without it. <see cref="Never"/> when there is no end.
    /// </summary>
    public uint KeepUntil;

    public const uint Never = uint.MaxValue;

    public readonly bool IsAt(LogSlot other) => Segment == other.Segment && Offset == other.Offset;

    public static uint Seconds(long microseconds)
        => microseconds / 1_000_000 is var seconds && seconds >= Never ? Never : (uint)Math.Max(0, seconds + 1);
}
