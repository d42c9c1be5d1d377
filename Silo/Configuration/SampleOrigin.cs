using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansCache;

/// <summary>The sample origin as a child of this process: started beside the silo, ended with it, also when the silo is killed.</summary>
internal sealed class SampleOrigin : IDisposable
{
    private const string Name = "OrleansCache.Samples.Partner";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _said = [];
    private volatile bool _stopping;

    private SampleOrigin(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public int Pid => _process.Id;

    /// <summary>The program beside this one, as a build of the repository leaves it; null in an installed silo.</summary>
    public static string? Find()
    {
        // …/bin/OrleansCache.Silo/release/ has …/bin/OrleansCache.Samples.Partner/release/ for a neighbour.
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(here.Parent?.Parent?.FullName ?? "", Name, here.Name, $"{Name}.dll");
        return File.Exists(path) ? path : null;
    }

    public static SampleOrigin Start(string program, int port)
    {
        var start = new ProcessStartInfo(DotNet(), [program, "--port", Text(port), "--parent-pid", Text(Environment.ProcessId)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var origin = new SampleOrigin(new() { StartInfo = start, EnableRaisingEvents = true }, port);
        origin._process.OutputDataReceived += (_, line) => origin.Heard(line.Data);
        origin._process.ErrorDataReceived += (_, line) => origin.Heard(line.Data);
        origin._process.Exited += (_, _) => origin._listening.TrySetException(new StartRefusedException(origin.Failure()));
        origin._process.Start();
        origin._process.StandardInput.Close();
        origin._process.BeginOutputReadLine();
        origin._process.BeginErrorReadLine();
        return origin;
    }

    /// <summary>Completes once the origin listens.</summary>
    public async Task ListeningAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            await _listening.Task.WaitAsync(StartDeadline, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new StartRefusedException($"The sample origin did not listen on port {Port} within {StartDeadline.TotalSeconds:0} s; use --no-origin to start without it.");
        }
    }

    /// <summary>Says when the origin ends while the silo goes on; a plain end, such as by Ctrl-C, is not worth a word.</summary>
    public void Watch(ILogger logger) => _process.Exited += (_, _) =>
    {
        if (!_stopping && _process.ExitCode != 0)
            logger.OriginEnded(_process.ExitCode);
    };

    public void Dispose()
    {
        _stopping = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private void Heard(string? line)
    {
        if (line is null)
            return;
        lock (_said)
            _said.Add(line);
        if (line.StartsWith("partner: http", StringComparison.Ordinal))
            _listening.TrySetResult();
    }

    private string Failure()
    {
        lock (_said)
            return $"The sample origin did not start on port {Port}: {string.Join(' ', _said.TakeLast(3))} Choose another with --origin-port, or use --no-origin.";
    }

    /// <summary>The runtime's own host: this process may run under it or under a host of its own.</summary>
    private static string DotNet()
    {
        var program = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Path.GetFileName(Environment.ProcessPath) is { } name && name == program)
            return Environment.ProcessPath!;
        var root = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory()).Parent?.Parent?.Parent?.FullName ?? "";
        var path = Path.Combine(root, program);
        return File.Exists(path) ? path : program;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
