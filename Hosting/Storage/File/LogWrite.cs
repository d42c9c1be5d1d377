using System.Text;

namespace OrleansCache;

/// <summary>One write on its way to the log. What is stored is shown to it when its turn has come, and it says whether it still wants to be written.</summary>
internal abstract class LogWrite
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected LogWrite(string key, ReadOnlyMemory<byte> payload, long expiresAt)
    {
        (Key, Payload, ExpiresAt) = (Encoding.UTF8.GetBytes(key), payload, expiresAt);
        if (Key.Length > ushort.MaxValue)
            throw new ArgumentException($"A key of {Key.Length} bytes is too long; {ushort.MaxValue} are the most.", nameof(key));
    }

    public byte[] Key { get; }

    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>In microseconds of cluster time.</summary>
    public long ExpiresAt { get; }

    /// <summary>Completes when the outcome is durable.</summary>
    public Task Done => _done.Task;

    public int RecordLength => LogRecordHeader.Length + Key.Length + Payload.Length;

    /// <param name="stored">The payload that is there, expired ones left out; empty when nothing is.</param>
    /// <param name="exists">True when something is there.</param>
    public abstract bool Decide(ReadOnlySpan<byte> stored, bool exists);

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception exception)
    {
        _done.TrySetException(exception);
        _ = _done.Task.Exception;
    }

    public void WriteTo(Span<byte> target, bool isTwin)
    {
        var body = target[LogRecordHeader.Length..RecordLength];
        Key.CopyTo(body);
        Payload.Span.CopyTo(body[Key.Length..]);
        new LogRecordHeader(Crc32C.Of(body), ExpiresAt, body.Length, (ushort)Key.Length, isTwin).Write(target);
    }
}

/// <summary>Records that are carried from an old segment to the newest, each only if it is still the newest of its key.</summary>
internal sealed class LogMove
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<(byte[] Record, LogSlot From, uint KeepUntil)> Records { get; } = [];

    public long Bytes { get; set; }

    public Task Done => _done.Task;

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception exception) => _done.TrySetException(exception);
}
