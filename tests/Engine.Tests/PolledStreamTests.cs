using System.Net;
using System.Net.Sockets;

namespace OrleansCache;

public sealed class PolledStreamTests : IDisposable
{
    private const int Answers = 500;
    private readonly Socket _far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _giveUp = new();
    private readonly PolledStream _near;
    private readonly Thread _reader;
    private volatile Exception? _ended;
    private volatile string? _taskId;
    private int _read;

    public PolledStreamTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _far.Connect(listener.LocalEndPoint!);
        var socket = listener.Accept();
        _near = new(socket);
        socket.Blocking = false;
        _reader = new(() =>
        {
            if (OperatingSystem.IsLinux())
                _taskId = File.ReadAllText("/proc/thread-self/stat").Split(' ')[0];
            _ = ReadAsync();
        })
        { IsBackground = true };
        _reader.Start();
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _far.Dispose();     // ends the reader
        _reader.Join();
        _near.Dispose();
        _giveUp.Dispose();
    }

    [Fact]
    public async Task A_reader_that_looked_for_what_came_quickly_sleeps_when_nothing_comes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a thread does.");
        await SendAsync();

        await Eventually.TrueAsync(() => Enumerable.Range(0, 20).All(_ => IsAsleep()), what: "the reader sleeps", cancellationToken: Ct);

        await SendAsync();
    }

    [Fact]
    public async Task A_reader_ends_when_its_token_does()
    {
        await _giveUp.CancelAsync();

        await Eventually.TrueAsync(() => _ended is OperationCanceledException, cancellationToken: Ct);
    }

    private async Task SendAsync()
    {
        for (var goal = Volatile.Read(ref _read) + Answers; Volatile.Read(ref _read) is var read && read < goal;)
        {
            _far.Send(new byte[1]);
            await Eventually.TrueAsync(() => SpinWait.SpinUntil(() => Volatile.Read(ref _read) > read, 1), cancellationToken: Ct);
        }
    }

    private bool IsAsleep() => File.ReadAllText($"/proc/self/task/{_taskId}/stat").Split(") ", 2)[1][0] == 'S';

    // On the reader's own thread to its end: no read there completes later.
    private async Task ReadAsync()
    {
        var buffer = new byte[1];
        try
        {
            while (await _near.ReadAsync(buffer, _giveUp.Token) > 0)
                Interlocked.Increment(ref _read);
        }
        catch (Exception error)
        {
            _ended = error;
        }
    }
}
