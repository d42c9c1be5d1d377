namespace OrleansCache;

/// <summary>What becomes of a call that changes something, once a try may have had its effect without an answer to say so.</summary>
/// <param name="Leaves">Whether a reply that is not final leaves doubt. A fault always does.</param>
/// <param name="Repeated">The call as it is repeated from then on.</param>
/// <param name="Answered">What a final answer becomes.</param>
internal sealed record Doubt<TState, TReply>(Func<TReply, bool> Leaves, Func<TState, TState> Repeated, Func<TReply, TReply> Answered);
