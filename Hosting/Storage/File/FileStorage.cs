using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <summary>The one log of a data folder, open while the silo runs.</summary>
internal sealed class FileStorage(
    string folder, IOptions<StorageOptions> options, IClusterClock clock, TimeProvider time, ILogger<FileStorage> logger, DiskSync? disk = null) : IStorageStep
{
    private LogStore? _log;

    public LogStore Log => _log ?? throw new StoreUnavailableException("The file store is not open.", maybeApplied: false);

    public bool IsWritable => _log?.IsWritable ?? false;

    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        _log = LogStore.Open(Path.Combine(folder, "entries"), options.Value, () => clock.Now, time, logger, disk: disk);
        return ValueTask.CompletedTask;
    }

    public async ValueTask CloseAsync()
    {
        if (_log is { } log)
            await log.DisposeAsync().ConfigureAwait(false);
    }
}
