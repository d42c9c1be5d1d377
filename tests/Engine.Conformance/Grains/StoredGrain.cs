using Microsoft.Extensions.DependencyInjection;

namespace OrleansCache;

[Alias("conformance.stored")]
internal interface IStoredGrain : IGrainWithStringKey
{
    Task<string> GetAsync();
    Task<string?> SetAsync(string value);
    Task ClearAsync();
    Task LeaveAsync();
    Task DisturbAsync();
    Task<string> FromOutsideAsync();
    Task<string> OtherAsync(string? value);
    Task<string> WriteTwiceAsync(bool cancelable);
    Task<string> WriteWhileWritingAsync();
    Task<string> ClearAfterFailureAsync();
    Task<int> GiveUpAsync();
}

[GenerateSerializer]
internal sealed class Note
{
    [Id(0)] public string Text { get; set; } = "fresh";
}

internal sealed class StoredGrain(
    [PersistentState("note", "test")] IPersistentState<Note> note,
    [PersistentState("other", "test")] IPersistentState<Note> other,
    [FromKeyedServices("test")] IGrainStorage storage) : Grain, IStoredGrain
{
    public Task<string> GetAsync() => Task.FromResult($"{note.State.Text} {note.RecordExists} {note.Etag}");

    public async Task<string?> SetAsync(string value)
    {
        note.State.Text = value;
        await note.WriteStateAsync();
        return note.Etag;
    }

    public Task ClearAsync() => note.ClearStateAsync();

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task DisturbAsync()
    {
        ((TestStorage)storage).Disturb("note", this.GetGrainId());
        return Task.CompletedTask;
    }

    public async Task<string> FromOutsideAsync() =>
        $"{await FromOutsideAsync(() => Task.FromResult(note.State))} {await FromOutsideAsync(note.WriteStateAsync)}";

    public async Task<string> WriteTwiceAsync(bool cancelable)
    {
        using var cancellation = new CancellationTokenSource();
        var token = cancelable ? cancellation.Token : CancellationToken.None;
        note.State.Text = "one";
        var first = note.WriteStateAsync(token);
        note.State.Text = "two";
        await Task.WhenAll(first, note.WriteStateAsync(token));
        return $"{note.State.Text} {note.Etag}";
    }

    public async Task<string> WriteWhileWritingAsync()
    {
        using var held = ((TestStorage)storage).Hold(this.GetGrainId());
        var calls = new List<Task> { note.WriteStateAsync() };
        await held.ReachedAsync();
        calls.AddRange([note.WriteStateAsync(), note.WriteStateAsync(), note.ClearStateAsync()]);
        held.Release();
        await held.ReachedAsync();
        calls.Add(note.ClearStateAsync());
        held.Release();
        await Task.WhenAll(calls);
        return string.Join(", ", held.Calls);
    }

    public async Task<string> ClearAfterFailureAsync()
    {
        var (write, clear) = (note.WriteStateAsync(), note.ClearStateAsync());
        await clear;
        return $"{write.IsFaulted} {note.RecordExists}";
    }

    public async Task<int> GiveUpAsync()
    {
        var (givenUp, token) = (0, new CancellationToken(canceled: true));
        foreach (var call in new Func<CancellationToken, Task>[] { note.ReadStateAsync, note.WriteStateAsync, note.ClearStateAsync })
        {
            try
            {
                await call(token);
            }
            catch (OperationCanceledException)
            {
                givenUp++;
            }
        }
        return givenUp;
    }

    private static Task<string> FromOutsideAsync(Func<Task> use) => Task.Run(async () =>
    {
        try
        {
            await use();
            return "done";
        }
        catch (InvalidOperationException)
        {
            return "refused";
        }
    });

    public async Task<string> OtherAsync(string? value)
    {
        if (value is not null)
        {
            other.State = new() { Text = value };
            await other.WriteStateAsync();
        }
        return other.State.Text;
    }
}
