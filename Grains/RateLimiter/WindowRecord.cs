namespace OrleansCache;

/// <summary>The windows as bytes: at most 102 cells each, every permit as old as the youngest of its cell, ages relative to the moment of writing.</summary>
internal static class WindowRecord
{
    private const byte Format = 1;
    private const int Cells = 100;

    public static byte[] Pack(PermitWindows windows, long now)
    {
        windows.Free(now);
        var bytes = new List<byte> { Format };
        foreach (var window in windows.All)
        {
            var cells = InCells(window);
            Write(bytes, cells.Count);
            var later = now;
            for (var i = cells.Count - 1; i >= 0; i--)
            {
                Write(bytes, later - cells[i].Latest);
                Write(bytes, cells[i].Permits);
                later = cells[i].Latest;
            }
        }

        return [.. bytes];
    }

    /// <summary>Counts what was packed, as if its moment of writing were <paramref name="writtenAt"/>; nothing counts as later than <paramref name="now"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a record.</exception>
    public static void Unpack(ReadOnlySpan<byte> bytes, PermitWindows windows, long writtenAt, long now)
    {
        if (bytes.IsEmpty)
            return;
        if (bytes[0] != Format)
            throw new InvalidDataException($"The limiter's record has format {bytes[0]}; this version reads {Format}.");
        bytes = bytes[1..];
        foreach (var window in windows.All)
        {
            var cells = new SlidingWindow.Run[Read(ref bytes, most: Cells + 2)];
            var at = writtenAt;
            for (var i = cells.Length - 1; i >= 0; i--)
                cells[i] = new(at -= Read(ref bytes), Read(ref bytes));
            foreach (var cell in cells)
                window.Add(Math.Min(cell.Latest, now), cell.Permits);
        }
    }

    private static List<SlidingWindow.Run> InCells(SlidingWindow window)
    {
        var width = window.Length / Cells;
        var cells = new List<SlidingWindow.Run>();
        for (var i = 0; i < window.Runs; i++)
        {
            var run = window[i];
            if (cells.Count > 0 && cells[^1].Latest / width == run.Latest / width)
                cells[^1] = new(run.Latest, cells[^1].Permits + run.Permits);
            else
                cells.Add(run);
        }

        return cells;
    }

    private static void Write(List<byte> bytes, long number)
    {
        for (; number >= 0x80; number >>= 7)
            bytes.Add((byte)(number | 0x80));
        bytes.Add((byte)number);
    }

    private static long Read(ref ReadOnlySpan<byte> bytes, long most = long.MaxValue)
    {
        var number = 0L;
        for (var shift = 0; shift < 63; shift += 7)
        {
            if (bytes.IsEmpty)
                break;
            var octet = bytes[0];
            bytes = bytes[1..];
            number |= (long)(octet & 0x7f) << shift;
            if (octet < 0x80)
                return number <= most ? number : throw new InvalidDataException($"The limiter's record has {number} where at most {most} can stand.");
        }

        throw new InvalidDataException("The limiter's record ends early.");
    }
}
