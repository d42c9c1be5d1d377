namespace OrleansCache.Fakes;

/// <summary>A silo that makes writing calls as it is told.</summary>
internal sealed class FakeWriter : IOriginWriterGrain
{
    public List<WriterCall> Calls { get; } = [];

    public Func<WriterCall, WriterAnswer> Answer { get; set; } = _ => new() { Status = WriterStatus.Ended, End = OriginWriteEnd.Written, StatusCode = 200, Bytes = "paid"u8.ToArray(), ContentType = "text/plain", IsKept = true, Tags = ["t"] };

    public ValueTask<WriterAnswer> WriteAsync(WriterCall call)
    {
        Calls.Add(call);
        return new(Answer(call));
    }
}
