namespace OrleansCache;

/// <summary>Has a silo make the call. It is begun once: who cannot know whether it was leaves it in doubt.</summary>
internal sealed class RemoteOriginWriter(OwnerCalls calls) : IOriginWriter
{
    public async Task<WriterAnswer> WriteAsync(string integration, WriterCall call)
    {
        var mayRun = false;
        var doubt = new Doubt<WriterCall, WriterAnswer>(
            static answer => answer.Status == WriterStatus.Running,
            call =>
            {
                mayRun = true;
                return call with { IsRepeated = true };
            },
            static answer => answer);
        WriterAnswer answer;
        try
        {
            answer = await calls.CallAsync<IOriginWriterGrain, WriterCall, WriterAnswer>(
                integration, call, static (grain, call) => grain.WriteAsync(call), static answer => answer.Status is not (WriterStatus.Running or WriterStatus.NotOwner), doubt: doubt).ConfigureAwait(false);
        }
        catch (CacheUnavailableException e)
        {
            return mayRun ? Unknown(e.Message) : WriterAnswer.NotAsked($"No silo could prove that it is the one to ask the origin, which was not asked. {e.Message}");
        }

        return answer.Status == WriterStatus.Ended ? answer : Unknown("The silo that was to make the call is gone, or was not reached for too long.");
    }

    private static WriterAnswer Unknown(string message) => new()
    {
        Status = WriterStatus.Ended,
        End = OriginWriteEnd.Unknown,
        Problem = new() { Kind = ProblemKind.Unavailable, Detail = "unknown", Message = $"Nobody knows whether the origin has the write. {message}" },
    };
}
