using System.Diagnostics.Metrics;

namespace OrleansCache.Storage.Tests;

public sealed class FileEntryStoreTests : EntryStoreContract
{
    private readonly TestFolder _folder = new();

    private protected override long Now => _folder.Clock.Now;

    private protected override IMeterFactory Meters => _folder.Meters;

    private protected override async ValueTask<IEntryStore> OpenAsync() => await _folder.OpenAsync();

    public override ValueTask DisposeAsync() => _folder.DisposeAsync();
}
