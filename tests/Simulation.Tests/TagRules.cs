namespace OrleansCache.Simulation.Tests;

/// <summary>Which of the rules of the shared tag log are in force; see <see cref="Rules"/>.</summary>
internal sealed record TagRules
{
    public static TagRules All { get; } = new();

    /// <summary>A raise waits for who has a lease and has not said that it has the raise.</summary>
    public bool WaitForOthers { get; init; } = true;

    /// <summary>A lease is given up only after it was watched unrenewed for longer than it is good for.</summary>
    public bool Outwait { get; init; } = true;

    /// <summary>The clock is compared with the lease before an answer.</summary>
    public bool Lease { get; init; } = true;

    /// <summary>The lease counts from before the question was sent.</summary>
    public bool CountFromSending { get; init; } = true;

    /// <summary>A silo is taken to know what it says that it knows, not what it was answered.</summary>
    public bool TellWhatIsKnown { get; init; } = true;

    /// <summary>Leases that a loss may have taken are waited out.</summary>
    public bool WaitOutBeginning { get; init; } = true;

    /// <summary>A server that was started again, or took over, may have lost leases.</summary>
    public bool NoticeRestart { get; init; } = true;

    /// <summary>Who comes to a log that may lack raises trusts it only when those who know more have had the time to say so.</summary>
    public bool DoubtBeginning { get; init; } = true;

    /// <summary>A log that has not got as far as somebody knows begins a new generation.</summary>
    public bool NoticeBehind { get; init; } = true;

    /// <summary>So does one that has another raise under the last number that somebody knows.</summary>
    public bool CompareStamps { get; init; } = true;
}
