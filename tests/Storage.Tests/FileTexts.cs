using System.Text;

namespace OrleansCache.Storage.Tests;

/// <summary>Writes texts into a file store and reads them.</summary>
internal static class FileTexts
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task WriteAsync(FileEntryStore store, string key, long version, string text, long expiresAt = long.MaxValue)
        => Assert.True((await store.WriteAsync(
            key,
            new() { Kind = RecordKind.Value, Epoch = 1, OperationId = Guid.NewGuid(), Version = version, Bytes = Encoding.UTF8.GetBytes(text), ExpiresAt = expiresAt },
            Cancellation)).Written);

    public static async Task<string?> TextAsync(FileEntryStore store, string key)
        => (await store.ReadAsync(key, 1, Cancellation)).Record is { Kind: RecordKind.Value } record ? Encoding.UTF8.GetString(record.Bytes) : null;
}
