using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCache.TestSupport;

namespace OrleansCache.Storage.Tests;

/// <summary>A log by itself, under a hash of the test's.</summary>
internal sealed class OpenLog(TestFolder folder, Func<ReadOnlySpan<byte>, ulong> hash) : IDisposable
{
    public LogStore Store { get; private set; } = Open(folder, hash);

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = Open(folder, hash);
    }

    public Task WriteAsync(string key, string text) => Store.WriteAsync(new Plain(key, Encoding.UTF8.GetBytes(text)));

    public string Text(string key)
    {
        using var value = Store.Read(key);
        return Encoding.UTF8.GetString(value.Payload);
    }

    public void Dispose() => _ = Store.DisposeAsync().AsTask();

    private static LogStore Open(TestFolder folder, Func<ReadOnlySpan<byte>, ulong> hash)
        => LogStore.Open(folder.Entries, folder.Options, () => folder.Clock.Now, TimeProvider.System, NullLogger.Instance, hash);

    internal sealed class Plain(string key, byte[] payload) : LogWrite(key, payload, long.MaxValue)
    {
        public override bool Decide(ReadOnlySpan<byte> stored, bool exists) => true;
    }

    /// <summary>Keeps the writer until it may go on.</summary>
    internal sealed class Held(TaskCompletionSource begun, ManualResetEventSlim go) : LogWrite("held", default, long.MaxValue)
    {
        public override bool Decide(ReadOnlySpan<byte> stored, bool exists)
        {
            begun.SetResult();
            return go.Wait(Eventually.Deadline);
        }
    }
}
