namespace OrleansCache.TestSupport;

/// <summary>Signals that tests send, by their numbers on Linux.</summary>
public enum ProcessSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
