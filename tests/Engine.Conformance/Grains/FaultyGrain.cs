namespace OrleansCache;

[Alias("conformance.faulty")]
internal interface IFaultyGrain : IGrainWithStringKey
{
    Task<int> FailAsync(string kind);
    Task FailLaterAsync(string kind);
    Task<int> FailThroughAsync(IFaultyGrain other, string kind);
}

[GenerateSerializer]
public sealed class OrderRefusedException : Exception
{
    public OrderRefusedException() { }

    public OrderRefusedException(string message) : base(message) { }

    public OrderRefusedException(string message, Exception innerException) : base(message, innerException) { }
}

internal sealed class FaultyGrain : Grain, IFaultyGrain
{
    public Task<int> FailAsync(string kind) => throw Make(kind);

    public async Task FailLaterAsync(string kind)
    {
        await Task.Yield();
        throw Make(kind);
    }

    public Task<int> FailThroughAsync(IFaultyGrain other, string kind) => other.FailAsync(kind);

    private static Exception Make(string kind) => kind switch
    {
        "argument" => new ArgumentException("That is wrong.", nameof(kind)),
        "range" => new ArgumentOutOfRangeException(nameof(kind), "That is too much."),
        "null" => new ArgumentNullException(nameof(kind)),
        "state" => new InvalidOperationException("Not now."),
        "cancelled" => new OperationCanceledException("Stopped."),
        "timeout" => new TimeoutException("Too slow."),
        "etag" => new InconsistentStateException("Changed.", "stored", "mine"),
        "engine" => new OrleansException("The engine says no."),
        "own" => new OrderRefusedException("No such order.", new InvalidOperationException("The cause.")),
        _ => throw new NotSupportedException(kind),
    };
}
