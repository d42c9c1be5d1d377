using System.Runtime.InteropServices;

namespace OrleansCache.Cluster;

/// <summary>Writes calls before they are made and returns when they are known, so that a process that dies leaves what it had begun. Thread-safe.</summary>
public sealed class HistoryWriter(string path, int process, TimeProvider clock) : IDisposable
{
    internal const byte CallRecord = 1;
    internal const byte ReturnRecord = 2;

    private readonly Lock _lock = new();
    private readonly BinaryWriter _writer = new(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16));
    private int _next;
    private long _written;

    /// <summary>How many calls have returned.</summary>
    public long Returned => Volatile.Read(ref _written);

    /// <summary>Records that a call begins now; make it after this.</summary>
    public int Call(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        lock (_lock)
        {
            var number = _next++;
            _writer.Write(CallRecord);
            _writer.Write7BitEncodedInt(number);
            _writer.Write7BitEncodedInt(process);
            _writer.Write7BitEncodedInt(operation.Worker);
            _writer.Write7BitEncodedInt(operation.Key);
            _writer.Write((byte)operation.Kind);
            _writer.Write((byte)operation.Guard);
            _writer.Write7BitEncodedInt64(operation.Expected);
            _writer.Write7BitEncodedInt64(operation.Kind == OperationKind.Read ? 0 : operation.Value);
            _writer.Write7BitEncodedInt64(clock.GetTimestamp());
            if (number % 256 == 0)
                _writer.Flush();
            return number;
        }
    }

    /// <summary>Records what a call returned; its end is now.</summary>
    public void Return(int number, in Answer answer)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            _writer.Write(ReturnRecord);
            _writer.Write7BitEncodedInt(number);
            _writer.Write((byte)answer.Ending);
            _writer.Write7BitEncodedInt64(answer.Value);
            _writer.Write7BitEncodedInt64(answer.Version);
            _writer.Write(answer.Existed);
            _writer.Write7BitEncodedInt64(answer.View);
            _writer.Write7BitEncodedInt64(now);
            _written++;
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _writer.Dispose();
    }
}

/// <summary>What a call returned.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Answer(Ending Ending, long Version = 0, long Value = 0, bool Existed = false, long View = 0);
