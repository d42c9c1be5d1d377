using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansCache.TestSupport;

/// <summary>A child process with its output kept line by line. Disposing kills it, by its own pid; so does the end of the tests.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, ChildProcess> Running = new();
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewChange();

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var child in Running.Values)
            child.Signal(ProcessSignal.Kill);
    };

    private ChildProcess(Process process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>Bytes of physical memory that it has now.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>What all its threads have used of the processors.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Exit code once <see cref="HasExited"/>; 128 + n after signal n.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>All lines of standard output and error so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public string Output => string.Join('\n', Lines);

    /// <summary>Starts <paramref name="program"/>; a null value in <paramref name="environment"/> unsets the variable.</summary>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, e) => child.Add(e.Data);
        process.ErrorDataReceived += (_, e) => child.Add(e.Data);
        process.Exited += (_, _) => child.Changed();
        process.Start();
        process.StandardInput.Close();
        Running[process.Id] = child;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>The first line, past or to come, that contains <paramref name="text"/>.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
        => WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), $"a line with '{text}'", deadline, cancellationToken);

    /// <summary>The first line, past or to come, that matches.</summary>
    /// <exception cref="TimeoutException">No such line within the deadline; the message has the output.</exception>
    /// <exception cref="InvalidOperationException">The process ended without it; the message has the output.</exception>
    public async Task<string> WaitForLineAsync(
        Func<string, bool> matches, string what, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(60);
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        for (var next = 0; ;)
        {
            var ended = _process.HasExited;
            if (ended)
                await _process.WaitForExitAsync(cancellationToken);
            Task changed;
            lock (_lock)
            {
                for (; next < _lines.Count; next++)
                {
                    if (matches(_lines[next]))
                        return _lines[next];
                }
                changed = _changed.Task;
            }
            if (ended)
                throw new InvalidOperationException($"Process {Pid} ended with {ExitCode} before {what}:\n{Output}");
            var left = limit - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                throw new TimeoutException($"Process {Pid} did not give {what} within {limit.TotalSeconds:0.#} s:\n{Output}");
            await changed.WaitAsync(left, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async Task<int> WaitForExitAsync(TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(60);
        try
        {
            await _process.WaitForExitAsync(cancellationToken).WaitAsync(limit, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Process {Pid} did not end within {limit.TotalSeconds:0.#} s:\n{Output}");
        }
        Running.TryRemove(Pid, out _);
        return ExitCode;
    }

    /// <summary>Sends a signal by pid; false if the process is gone.</summary>
    public bool Signal(ProcessSignal signal) => !_process.HasExited && kill(Pid, (int)signal) == 0;

    /// <summary>SIGKILL, and waits until the process is gone.</summary>
    public async Task KillAsync()
    {
        Signal(ProcessSignal.Kill);
        await WaitForExitAsync();
    }

    /// <summary>SIGTERM, and SIGKILL if that does not end it within <paramref name="deadline"/> (default 10 s).</summary>
    public async Task<int> StopAsync(TimeSpan? deadline = null)
    {
        Signal(ProcessSignal.Terminate);
        try
        {
            return await WaitForExitAsync(deadline ?? TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            await KillAsync();
            return ExitCode;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    /// <summary>Full path of a program found through PATH, or null.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lock)
            _lines.Add(line);
        Changed();
    }

    private void Changed()
    {
        TaskCompletionSource changed;
        lock (_lock)
            (changed, _changed) = (_changed, NewChange());
        changed.TrySetResult();
    }

    [DllImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
