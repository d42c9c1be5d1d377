namespace OrleansCache;

/// <summary>An owner's answer as one of the client's outcomes.</summary>
internal static class ReadOutcome
{
    public static Outcome Of(in ReadReply reply) => reply.Status switch
    {
        ReadStatus.Hit => Outcome.Hit,
        ReadStatus.Stale => Outcome.Stale,
        ReadStatus.Loaded or ReadStatus.Joined => Outcome.Loaded,
        ReadStatus.Failed => Outcome.Refused,
        _ => Outcome.Miss,
    };
}
