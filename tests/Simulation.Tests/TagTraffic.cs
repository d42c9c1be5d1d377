namespace OrleansCache.Simulation.Tests;

/// <summary>What silos and the store send each other, counted as Redis' protocol writes it.</summary>
internal sealed class TagTraffic
{
    private const int IdLength = 32;
    private const int StampLength = 16;

    /// <summary>Questions to the store, each with its answer.</summary>
    public int Calls { get; private set; }

    /// <summary>Hints, one for each silo that hears it.</summary>
    public int Hints { get; private set; }

    public long Bytes { get; private set; }

    public void Call(TagAppend append, TagChanges changes)
    {
        Calls++;
        Bytes += Words(5, 40, 1, 8, IdLength, StampLength, Digits(append.Known.Number), StampLength, 1, StampLength, append.Tags.Length * sizeof(ulong), 4, 16, 0, 1);
        foreach (var gone in append.Gone)
            Bytes += Words(IdLength, Digits(gone.Counter));
        Bytes += Words(StampLength, Digits(changes.Head), Digits(changes.Head), StampLength, 1);
        foreach (var other in changes.Others.IsDefault ? [] : changes.Others)
            Bytes += Words(IdLength, Digits(other.Counter), Digits(other.Known));
        foreach (var raise in changes.Raises)
            Bytes += Words(StampLength + (raise.Tags.Length * sizeof(ulong)));
    }

    public void Hint()
    {
        Hints++;
        Bytes += Words(7, 16, StampLength + 8);
    }

    // "$5\r\nhello\r\n"
    private static long Words(params ReadOnlySpan<int> lengths)
    {
        var bytes = 0L;
        foreach (var length in lengths)
            bytes += 1 + Digits(length) + 2 + length + 2;
        return bytes;
    }

    private static int Digits(long number) => number < 10 ? 1 : (int)Math.Log10(number) + 1;
}
