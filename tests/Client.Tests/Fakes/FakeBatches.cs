using System.Collections.Concurrent;
using System.Text;

namespace OrleansCache.Fakes;

/// <summary>Calls for many keys: each value is the first argument's, unless a test says otherwise.</summary>
internal sealed class FakeBatches : IBatchGrain
{
    public ConcurrentQueue<string> Calls { get; } = [];
    public ConcurrentQueue<BatchRequest> Requests { get; } = [];

    /// <summary>Whether a question is answered, not to be asked again.</summary>
    public Func<ValueTask<bool>> IsDone { get; set; } = static () => new(true);

    public Func<string, LoadCompletion> Answer { get; set; } = static code =>
        new() { Kind = LoadResultKind.Value, Bytes = Encoding.UTF8.GetBytes(code), ContentType = "application/json" };

    public async ValueTask<BatchReply> CallAsync(BatchRequest request)
    {
        Requests.Enqueue(request);
        if (!await IsDone())
            return default;
        Calls.Enqueue(string.Join(' ', request.Items.Select(static item => item.Arguments[0].Value)));
        return new() { IsDone = true, Items = [.. request.Items.Select(item => Answer(item.Arguments[0].Value!))] };
    }
}
