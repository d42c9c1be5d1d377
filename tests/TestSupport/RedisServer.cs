using System.Security.Cryptography.X509Certificates;

namespace OrleansCache.TestSupport;

/// <summary>
/// A redis-server of the test's own, on a free loopback port. A test that needs it begins with
/// <c>Assert.SkipUnless(RedisServer.IsAvailable, RedisServer.SkipReason);</c>.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    /// <summary>What a skipped test says.</summary>
    public const string SkipReason = "redis-server is not on the PATH; install it to run this test.";

    private static readonly string? Program = ChildProcess.Find("redis-server");
    private readonly RedisServerOptions _options;
    private readonly bool _ownsDirectory;
    private ChildProcess? _process;

    private RedisServer(RedisServerOptions options)
    {
        _options = options;
        _ownsDirectory = options.Directory is null;
        Directory = options.Directory ?? System.IO.Directory.CreateTempSubdirectory("oc-redis-").FullName;
        System.IO.Directory.CreateDirectory(Directory);
    }

    public static bool IsAvailable => Program is not null;

    public int Port { get; private set; }

    public string Directory { get; }

    /// <summary>Pid of the running server.</summary>
    public int Pid => Process.Pid;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary><c>127.0.0.1:port</c>, to which options may be added.</summary>
    public string EndPoint => $"127.0.0.1:{Port}";

    /// <summary>With TLS: the certificate that the server shows, its own authority.</summary>
    public X509Certificate2? Certificate { get; private set; }

    public string Output => Process.Output;

    private ChildProcess Process => _process ?? throw new InvalidOperationException("The server is not running.");

    /// <summary>Starts a server and waits until it serves.</summary>
    public static async Task<RedisServer> StartAsync(RedisServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        var server = new RedisServer(options ?? new());
        try
        {
            if (server._options.Tls)
                server.Certificate = TestCertificate.Create(server.Directory);
            for (var attempt = 1; ; attempt++)
            {
                server.Port = server._options.Port == 0 ? FreePort.Next() : server._options.Port;
                try
                {
                    await server.LaunchAsync(cancellationToken);
                    return server;
                }
                catch (InvalidOperationException exception)
                    when (attempt < 5 && server._options.Port == 0 && exception.Message.Contains("in use", StringComparison.Ordinal))
                {
                    // Somebody took the port between our look and the server's bind.
                }
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGTERM, then SIGKILL if it stays.</summary>
    public async Task StopAsync()
    {
        if (IsRunning)
            Process.Signal(ProcessSignal.Continue);
        await (_process?.StopAsync() ?? Task.CompletedTask);
    }

    /// <summary>SIGKILL, as a crash.</summary>
    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <summary>Starts it again on the same port and folder, killing what still runs.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        if (_process is { } old)
            await old.DisposeAsync();
        await LaunchAsync(cancellationToken);
    }

    /// <summary>SIGSTOP: connections stay open and nothing answers. Returns once the kernel has stopped it.</summary>
    public Task PauseAsync()
    {
        Process.Signal(ProcessSignal.Stop);
        return Eventually.TrueAsync(() => State() == 'T');
    }

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync()
    {
        Process.Signal(ProcessSignal.Continue);
        return Eventually.TrueAsync(() => State() != 'T');
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        _process = null;
        Certificate?.Dispose();
        if (_ownsDirectory && System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
    }

    // Third field of /proc/PID/stat, behind the name in parentheses.
    private char State()
    {
        var stat = File.ReadAllText($"/proc/{Pid}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        if (Program is null)
            throw new InvalidOperationException(SkipReason);
        _process = ChildProcess.Start(Program, Arguments(), _options.Environment);
        await _process.WaitForLineAsync("Ready to accept connections", cancellationToken: cancellationToken);
    }

    private List<string> Arguments()
    {
        List<string> arguments =
        [
            "--bind", "127.0.0.1", "--save", "", "--dir", Directory, "--daemonize", "no", "--loglevel", "notice",
            "--appendonly", _options.AppendOnly ? "yes" : "no", "--appendfsync", _options.AppendFsync,
            "--enable-debug-command", "local",
        ];
        if (_options.Tls)
        {
            arguments.AddRange(["--port", "0", "--tls-port", $"{Port}", "--tls-auth-clients", "no"]);
            arguments.AddRange(["--tls-cert-file", Path.Combine(Directory, "tls.crt"), "--tls-key-file", Path.Combine(Directory, "tls.key")]);
            arguments.AddRange(["--tls-ca-cert-file", Path.Combine(Directory, "tls.crt")]);
        }
        else
        {
            arguments.AddRange(["--port", $"{Port}"]);
        }
        if (_options.Password is { } password)
            arguments.AddRange(["--requirepass", password]);
        if (_options.AclUser is { } user)
            arguments.AddRange(["--user", .. user.Split(' ')]);
        arguments.AddRange(_options.Arguments);
        return arguments;
    }
}
