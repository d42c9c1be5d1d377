using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace OrleansCache.Storage.Tests;

/// <summary>A data folder with a file store over it, that can be closed and opened again.</summary>
internal sealed class TestFolder(string? path = null) : IAsyncDisposable
{
    private FileStorage? _storage;

    public string Path { get; } = path ?? Directory.CreateTempSubdirectory("oc-storage-").FullName;

    public StorageOptions Options { get; } = new();

    public IClusterClock Clock { get; set; } = new LocalClusterClock(TimeProvider.System);

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public DiskSync? Disk { get; set; }

    public ListLogger Log { get; } = new();

    public IMeterFactory Meters { get; } = TestMeters.Factory();

    public string Entries => System.IO.Path.Combine(Path, "entries");

    public LogStore Store => _storage!.Log;

    public string[] Segments => [.. Directory.GetFiles(Entries, "*.log").Order(StringComparer.Ordinal)];

    public async Task<FileEntryStore> OpenAsync()
    {
        await CloseAsync();
        _storage = new(Path, Microsoft.Extensions.Options.Options.Create(Options), Clock, Time, new Logger<FileStorage>(new OneLogger(Log)), Disk);
        await _storage.OpenAsync(TestContext.Current.CancellationToken);
        return new(_storage, Clock, TestMeters.Storage(Meters), NullLogger<FileEntryStore>.Instance);
    }

    public FileStorage Storage => _storage!;

    /// <summary>Damages a file that nobody has open.</summary>
    public static void Flip(string file, long offset)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    public async Task CloseAsync()
    {
        if (_storage is not null)
            await _storage.CloseAsync();
        _storage = null;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (path is null)
            Directory.Delete(Path, recursive: true);
    }

    private sealed class OneLogger(ILogger logger) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}

/// <summary>Keeps what was logged.</summary>
internal sealed class ListLogger : ILogger
{
    private readonly List<string> _lines = [];

    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
