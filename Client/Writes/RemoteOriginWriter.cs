namespace OrleansCache;

/// <summary>Has a silo make the call. It is begun once: who cannot know whether it was leaves it in doubt.</summary>
internal sealed class RemoteOriginWriter(OwnerCalls calls) : IOriginWriter
{
    private static readonly Doubt<WriterCall, WriterAnswer> Doubt = new(
        static answer => answer.Status == WriterStatus.Running, static call => call with { IsRepeated = true }, static answer => answer);

    public async Task<WriterAnswer> WriteAsync(string integration, WriterCall call)
    {
        WriterAnswer answer;
        try
        {
            answer = await calls.CallAsync<IOriginWriterGrain, WriterCall, WriterAnswer>(
                integration, call, static (grain, call) => grain.WriteAsync(call), static answer => answer.Status != WriterStatus.Running, doubt: Doubt).ConfigureAwait(false);
        }
        catch (CacheUnavailableException e)
        {
            return Unknown(e.Message);
        }

        return answer.Status == WriterStatus.Ended ? answer : Unknown("The silo that was to make the call is gone, or was not reached for too long.");
    }

    private static WriterAnswer Unknown(string message) => new()
    {
        Status = WriterStatus.Ended,
        End = OriginWriteEnd.Doubtful,
        Problem = new() { Kind = ProblemKind.Unavailable, Detail = "unknown", Message = $"Nobody knows whether the origin has the write. {message}" },
    };
}
