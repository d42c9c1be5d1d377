using System.Collections.Concurrent;
using System.Text;

namespace OrleansCache.Fakes;

/// <summary>Calls for many keys: each value is the first argument's, unless a test says otherwise.</summary>
internal sealed class FakeBatches : IBatchGrain
{
    public ConcurrentQueue<string> Calls { get; } = [];

    public Func<string, LoadCompletion> Answer { get; set; } = static code =>
        new() { Kind = LoadResultKind.Value, Bytes = Encoding.UTF8.GetBytes(code), ContentType = "application/json" };

    public ValueTask<BatchReply> CallAsync(BatchRequest request)
    {
        Calls.Enqueue(string.Join(' ', request.Items.Select(static item => item.Arguments[0].Value)));
        return new(new BatchReply { IsDone = true, Items = [.. request.Items.Select(item => Answer(item.Arguments[0].Value!))] });
    }
}
