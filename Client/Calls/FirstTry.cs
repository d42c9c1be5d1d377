using System.Runtime.ExceptionServices;

namespace OrleansCache;

/// <summary>A try that gave no final answer: what the owner said, or the fault.</summary>
internal sealed class FirstTry(ReadReply reply, Exception? fault, long askedAt)
{
    public long AskedAt => askedAt;

    /// <summary>The reply; throws the fault.</summary>
    public ReadReply Ended()
    {
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);
        return reply;
    }
}
