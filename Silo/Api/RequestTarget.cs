namespace OrleansCache;

/// <summary>The request target as it was sent. It is cut before it is decoded, so that an encoded <c>/</c> stays in its segment.</summary>
internal readonly ref struct RequestTarget
{
    private RequestTarget(ReadOnlySpan<char> path, ReadOnlySpan<char> query)
    {
        Path = path;
        Query = query;
    }

    /// <summary>Without the leading slash, still encoded.</summary>
    public ReadOnlySpan<char> Path { get; }

    /// <summary>Without the question mark, still encoded.</summary>
    public ReadOnlySpan<char> Query { get; }

    public static RequestTarget Of(ReadOnlySpan<char> raw)
    {
        // The absolute form that a proxy is sent: scheme and authority are not ours to judge.
        if (raw is not ['/', ..] && raw.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme)
        {
            raw = raw[(scheme + 3)..];
            raw = raw.IndexOf('/') is >= 0 and var slash ? raw[slash..] : "/";
        }

        var question = raw.IndexOf('?');
        var path = question < 0 ? raw : raw[..question];
        return new(path is ['/', ..] ? path[1..] : path, question < 0 ? [] : raw[(question + 1)..]);
    }

    /// <summary>Takes the next segment off <paramref name="path"/>; false at its end. An empty path has no segment.</summary>
    public static bool TryTake(ref ReadOnlySpan<char> path, out ReadOnlySpan<char> segment)
    {
        if (path.IsEmpty)
        {
            segment = default;
            return false;
        }

        var slash = path.IndexOf('/');
        segment = slash < 0 ? path : path[..slash];
        path = slash < 0 ? default : path[(slash + 1)..];
        return true;
    }
}
