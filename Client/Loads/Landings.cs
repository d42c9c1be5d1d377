namespace OrleansCache;

/// <summary>What the ends of loads are to those who wait for them.</summary>
internal static class Landings
{
    /// <summary>Under a lease, and handed to the owner.</summary>
    public static Landing<T> Loaded<T>(T value, RawValue raw, bool isAbsent, LoadReply done)
    {
        var reply = new ReadReply
        {
            Status = ReadStatus.Loaded,
            Value = (done.Value ?? new()) with { Bytes = raw.Bytes, ContentType = raw.ContentType, Encoding = null, IsAbsent = isAbsent, Version = done.Stored ? done.Value?.Version ?? 0 : 0 },
            FreshMilliseconds = done.FreshMilliseconds,
            StaleMilliseconds = done.StaleMilliseconds,
            Stored = done.Stored,
            View = done.View,
        };
        return For(reply, value, done);
    }

    /// <summary>Without one, or too large to keep.</summary>
    /// <param name="value">The caller's own.</param>
    /// <param name="raw">Its bytes.</param>
    /// <param name="isAbsent">There is no value.</param>
    /// <param name="began">When the factory began: nobody knows what was acknowledged since.</param>
    public static Landing<T> Uncached<T>(T value, RawValue raw, bool isAbsent, long began) =>
        new(new ReadReply { Status = ReadStatus.Loaded, Value = new() { Bytes = raw.Bytes, ContentType = raw.ContentType, IsAbsent = isAbsent } }, value) { Until = began };

    /// <summary>By a call of the integration for many keys, under a lease, and handed to the owner.</summary>
    public static Landing<Nothing> Made(LoadCompletion made, LoadReply done)
    {
        if (made.Kind is not LoadResultKind.Failed && (made.Kind is not LoadResultKind.Absent || done.Stored))
        {
            var landing = Loaded(default(Nothing), new(made.Bytes ?? [], made.ContentType, made.Encoding), made.Kind is LoadResultKind.Absent, done);
            return landing with { Reply = landing.Reply with { Value = landing.Reply.Value! with { Encoding = made.Encoding } } };
        }

        var problem = made.Problem ?? new() { Detail = "absent", StatusCode = 404, Body = made.Bytes, ContentType = made.ContentType };
        problem = made.Kind is LoadResultKind.Absent ? problem with { Kind = ProblemKind.NotFound } : problem;
        return For(new()
        {
            Status = done.Value is null ? ReadStatus.Failed : ReadStatus.Stale,
            Value = done.Value,
            FreshMilliseconds = done.FreshMilliseconds,
            StaleMilliseconds = done.StaleMilliseconds,
            Problem = problem,
            View = done.View,
        }, default(Nothing), done);
    }

    // All who wait came before the result was sent.
    private static Landing<T> For<T>(in ReadReply reply, T value, LoadReply done) => done.IsCurrent ? new(reply, value) : Landing<T>.ForFirst(reply, value);
}
