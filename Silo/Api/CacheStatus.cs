namespace OrleansCache;

/// <summary>The <c>Cache-Status</c> header (RFC 9211): how this answer came about.</summary>
internal static class CacheStatus
{
    public const string Absent = "OrleansCache; detail=absent";

    /// <summary>Nothing was forwarded.</summary>
    private const string Unasked = "OrleansCache";
    private const string Degraded = "; degraded";

    public static string Of(in ReadReply reply)
    {
        var status = reply.Status switch
        {
            ReadStatus.Hit or ReadStatus.Stale => reply.FreshMilliseconds == ReadReply.NoLifetime
                ? "OrleansCache; hit"
                : $"OrleansCache; hit; ttl={HttpNumber.Text(HttpNumber.Seconds(reply.FreshMilliseconds))}",
            ReadStatus.Loaded => reply.Stored ? "OrleansCache; fwd=miss; stored" : "OrleansCache; fwd=miss",
            ReadStatus.Joined => "OrleansCache; fwd=miss; collapsed",
            ReadStatus.Miss => Absent,
            _ => reply.Problem is { Kind: ProblemKind.OriginFailed or ProblemKind.Timeout or ProblemKind.OriginRefused or ProblemKind.NotFound or ProblemKind.TooLarge }
                ? "OrleansCache; fwd=miss"
                : Unasked,
        };
        if (reply.Problem is { Detail.Length: > 0 } problem)
            status = $"{status}; detail={Token(problem.Detail)}";
        else if (reply.Value is { IsAbsent: true })
            status += "; detail=absent";
        return reply.Degraded ? status + Degraded : status;
    }

    /// <summary>A write, which always goes to the origin if it goes anywhere.</summary>
    public static string Of(in WriterAnswer answer, bool isStored) => answer switch
    {
        { Problem: null } => isStored ? "OrleansCache; fwd=method; stored" : "OrleansCache; fwd=method",
        { End: OriginWriteEnd.Doubtful or OriginWriteEnd.Unknown, Problem: { } problem } => $"OrleansCache; fwd=method; detail={Token(problem.Detail)}",
        { Problem: { Kind: ProblemKind.OriginRefused or ProblemKind.NotFound or ProblemKind.OriginFailed } problem } => $"OrleansCache; fwd=method; detail={Token(problem.Detail)}",
        { Problem: { } problem } => Refused(problem.Detail),
    };

    /// <summary>A request that was refused before anything was looked up.</summary>
    public static string Refused(string detail) => $"{Unasked}; detail={Token(detail)}";

    /// <summary>A token of RFC 9651 as it is, anything else as a string in quotes.</summary>
    private static string Token(string detail)
    {
        foreach (var c in detail)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':' or '/'))
                return Quoted(detail);
        }

        return char.IsAsciiLetter(detail[0]) ? detail : Quoted(detail);
    }

    private static string Quoted(string detail) =>
        $"\"{string.Concat(detail.Select(c => c is < ' ' or > '~' ? "?" : c is '"' or '\\' ? $"\\{c}" : c.ToString()))}\"";
}
