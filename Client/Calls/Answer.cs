namespace OrleansCache;

/// <summary>An owner's reply.</summary>
/// <param name="Reply">What it said.</param>
/// <param name="AskedAt">When it was asked for, on this process's clock: a permit is counted from there.</param>
/// <param name="DecidedAt">No later than the owner decided it, on this process's clock: the reply knows of all that was acknowledged before.</param>
internal readonly record struct Answer(ReadReply Reply, long AskedAt, long DecidedAt)
{
    /// <summary>The wait for a load elsewhere was given up.</summary>
    public bool GaveUp { get; init; }

    /// <summary>The question did not arrive before it was asked; from there on counts what the owner says. Clocks may differ in their rate by 1 %.</summary>
    public static Answer Of(in ReadReply reply, long askedAt, TimeProvider clock) =>
        new(reply, askedAt, askedAt + DecidedAfter(reply.DecidedAfterMilliseconds, clock.TimestampFrequency));

    private static long DecidedAfter(int milliseconds, long frequency) => (long)(milliseconds * (milliseconds < 0 ? 1.01 : 0.99) * frequency / 1000);
}
