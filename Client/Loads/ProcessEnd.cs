namespace OrleansCache;

/// <summary>Ends what callers share and none of them may end: factories and version functions.</summary>
internal sealed class ProcessEnd : IDisposable
{
    private readonly CancellationTokenSource _closing = new();

    public ProcessEnd() => Token = _closing.Token;

    public CancellationToken Token { get; }

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }
}
