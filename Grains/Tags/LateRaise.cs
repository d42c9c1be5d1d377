namespace OrleansCache;

/// <summary>A raise that a silo comes to late: it was repeated elsewhere, and would hit what was written since.</summary>
internal static class LateRaise
{
    /// <exception cref="SiloUnavailableException">The silo cannot prove that it was not away for longer than a lease.</exception>
    public static void Refuse(IOwnership ownership)
    {
        if (!ownership.FenceHolds)
            throw new SiloUnavailableException("The silo was away for longer than a lease; the raise may be repeated.");
    }
}
